# What a person types. Meson and ninja do the building (meson.build), tests/run the testing.

PREFIX  = /usr/local
DESTDIR =
FILES   =

# The folders that meson.build lists: a file that comes or goes changes their time.
listed = $(wildcard tests/unit tests/fuzz tests/tools)

all: build/build.ninja
	@ninja -C build

demo:
	@tools/deps demo
	@$(MAKE) -s all
	@tools/demo

# FILES=… picks tests by any part of their names: make test FILES=kill, make test FILES=lint
test:
	@tools/deps test
	@tests/run $(FILES)

# Rewrites the expected texts of tests/cmd/golden and tests/golden: look at the difference before committing it.
# RECORD=1 also records the real programs anew (FILES=npm… for some), as root.
regen:
	@tools/deps test
	@$(MAKE) -s all
	@$(if $(RECORD),node tests/golden/record.mjs $(FILES))
	@GOLDEN=regen tests/run --plain golden.test help.test text.test
	@git diff --stat -- tests/cmd/golden tests/golden

bench:
	@tools/deps bench
	@$(MAKE) -s all
	@ninja -C build bench
	@bench/run $(FILES)

# The npm packages, in build/packages.
package:
	@tools/deps package
	@$(MAKE) -s all build-arm64/build.ninja
	@ninja -C build-arm64
	@tools/package

# README's picture, from the screen of the real OpenCode.
picture:
	@tools/deps test
	@$(MAKE) -s all
	@tools/picture

mutants:
	@tools/deps test
	@tools/mutants $(FILES)

fuzz:
	@tools/deps test
	@tests/fuzz/run $(FILES)

install: all
	install -D -s -m 755 build/hob '$(DESTDIR)$(PREFIX)/bin/hob'
	install -D -m 644 man/hob.1 '$(DESTDIR)$(PREFIX)/share/man/man1/hob.1'
	install -D -m 644 completions/hob.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/hob'
	install -D -m 644 completions/_hob '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_hob'
	install -D -m 644 completions/hob.fish '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/hob.fish'

fmt:
	@clang-format -i $(sort $(shell find src tests bench -name '*.[ch]'))

lint:
	@tools/lint

clean:
	@rm -rf build build-asan build-lint build-arm64

# For tests/run: the plain build with the tests in; the sanitized one, and those that only look for warnings.
tests-plain: build/with-tests
	@ninja -C build all tests

build/with-tests: build/build.ninja
	@meson configure build -Dtests=enabled
	@touch $@

tests: tests-plain build-asan/build.ninja build-lint/gcc/build.ninja build-lint/clang/build.ninja
	@ninja -C build-asan tests

# clang, because only its sanitizers write every report where a daemon's can be found.
asan = -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 \
	-Dc_args='-fno-sanitize-recover=all -fno-omit-frame-pointer'

build-asan/build.ninja:       options = -Dtests=enabled $(asan)
build-lint/gcc/build.ninja:   options = -Dtests=enabled -Dwerror=true
build-lint/clang/build.ninja: options = -Dtests=enabled -Dwerror=true
build-asan/build.ninja build-lint/clang/build.ninja: export CC = clang
build-arm64/build.ninja:       options = --cross-file build-arm64/sysroot.ini --cross-file tools/arm64.ini
build-arm64/build.ninja: tools/arm64.ini build-arm64/sysroot.ini

build-arm64/sysroot.ini:
	@mkdir -p $(@D)
	@printf "[constants]\nsysroot = '%s'\n" '$(CURDIR)/build-arm64/sysroot' >$@

build/build.ninja build-asan/build.ninja build-lint/gcc/build.ninja build-lint/clang/build.ninja \
		build-arm64/build.ninja: meson.build $(listed)
	@tools/deps --check build
	@out=$$(meson setup $(if $(wildcard $@),--reconfigure) $(@D) $(options) 2>&1) || { echo "$$out"; exit 1; }
	@touch $@

.PHONY: all demo test regen bench package picture mutants fuzz install fmt lint clean tests tests-plain
