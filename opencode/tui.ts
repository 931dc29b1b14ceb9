// Where OpenCode 2 looks for the terminal part of a plugin that is named by its folder.
export { default } from "./tui/tui.tsx";
