# bash completion for hob. It asks hob itself, so it fits whatever hob is on PATH.
# Source it, or install it as share/bash-completion/completions/hob.
# shellcheck shell=bash

_hob_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_hob_action() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -A "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

# Ids, and the names that need no quotes: compgen expands what it is given.
_hob_tasks() {
	hob list 2>/dev/null | sed -nE '2,${h; s/ .*//p; g; s/^[^ ]+ +([A-Za-z0-9][A-Za-z0-9_.-]*)  .*/\1/p}'
}

# The options of command $1 that take a value, in both spellings, each between blanks.
_hob_valued() {
	hob help "$1" 2>/dev/null | sed -nE 's/^  (-[A-Za-z]|  ),? +(--[a-z-]+) [^ ].*/ \1 \2 /p'
}

# Where the task's own command begins: the first word behind "hob run" that is no option. False before it.
_hob_command_at() {
	local i valued
	valued=$(_hob_valued run)
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) ((i++)); break ;;
		=) ((i++)) ;; # bash cuts --wait=5s into three words
		-*) [[ $valued != *" ${COMP_WORDS[i]} "* ]] || ((i++)) ;;
		*) break ;;
		esac
	done
	((i <= COMP_CWORD)) && [[ ${COMP_WORDS[i]} != -* ]] && echo "$i"
}

# The task's command as if it were typed alone, where bash-completion is loaded; else programs and files.
_hob_command() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif (($1 == COMP_CWORD)); then
		_hob_action 'command'
	else
		_hob_action file
	fi
}

# The value of an option that has one. False when the word before takes none.
_hob_value() {
	case $2 in
	-l | --lifetime) _hob_words 'session app detached' ;;
	--status) _hob_words 'pending running completed failed cancelled' ;;
	--on-abort) _hob_words 'kill detach' ;;
	-s | --signal) _hob_words "$(compgen -A signal SIG | sed -E '/^SIG(RT|JUNK|IO$)/d; s/^SIG//')" ;;
	-C | --cd | --project) _hob_action directory ;;
	--shell) _hob_action 'command' ;;
	*) [[ $(_hob_valued "$1") == *" $2 "* ]] ;;
	esac
}

_hob() {
	local command=${COMP_WORDS[1]} at
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_hob_words "$(hob help --complete 2>/dev/null)"
	elif [[ $command == run ]] && at=$(_hob_command_at); then
		_hob_command "$at"
	elif _hob_value "$command" "${COMP_WORDS[COMP_CWORD - 1]}"; then
		:
	elif [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
		_hob_words "$(hob help --complete "$command" 2>/dev/null)"
	else
		case $command in
		show | logs | screen | wait | send | attach | kill | stop | restart) _hob_words "$(_hob_tasks)" ;;
		help) _hob_words "$(hob help --complete 2>/dev/null)" ;;
		esac
	fi
}

complete -F _hob hob
