// Objects that fail at every property that nobody promised, so that a plugin uses no more than is documented.

/** What was used without being promised, in this process. */
export const violations = [];

export function violate(sentence) {
  violations.push(sentence);
  throw new Error(sentence);
}

/**
 * OBJECT, with whatever it lacks. NAMES are promised beside its own keys: they may be looked at and are not there. All
 * others, and every write, are violations.
 */
export function strict(name, object, names = []) {
  const known = new Set(names);
  return new Proxy(object, {
    get(target, key) {
      // What the language itself asks of any object, as await and console do.
      if (typeof key === "symbol" || key === "then" || key === "toJSON") return target[key];
      if (!Object.hasOwn(target, key) && !known.has(key)) violate(`${name}.${key} is not in the documentation`);
      return target[key];
    },
    set: (_target, key) => violate(`${name}.${String(key)} was written`),
    deleteProperty: (_target, key) => violate(`${name}.${String(key)} was deleted`),
  });
}

/** Fails unless OBJECT has all of NEEDED and nothing but those and MAY. */
export function shaped(what, object, needed, may = []) {
  if (typeof object !== "object" || object === null) violate(`${what} is no object: ${JSON.stringify(object)}`);
  for (const key of needed) if (object[key] === undefined) violate(`${what} lacks ${key}`);
  for (const key of Object.keys(object)) {
    if (!needed.includes(key) && !may.includes(key)) violate(`${what} has ${key}, which is not in the documentation`);
    if (object[key] === undefined) violate(`${what} has ${key} without a value`);
  }
}
