# fish completion for hob (fish 3.4 or newer). It asks hob itself, so it fits whatever hob is on PATH.
# Install it as share/fish/vendor_completions.d/hob.fish, or in ~/.config/fish/completions.

# The words of the task's own command behind "hob run", a line each; false before it begins.
function __hob_task
    set -l words (commandline -opc)
    test "$words[2]" = run; or return
    set -l valued (hob help run 2>/dev/null | string match -rg '^  (?:(-\w), |    )(--[a-z-]+) \S')
    set -l value no
    for i in (seq 3 (count $words))
        if test $value = yes
            set value no
        else if test "$words[$i]" = --
            set -e words[1..$i]
            string join \n -- $words
            return 0
        else if string match -q -- '-*' $words[$i]
            contains -- $words[$i] $valued; and set value yes
        else
            string join \n -- $words[$i..-1]
            return 0
        end
    end
    test $value = no; and not string match -q -- '-*' (commandline -ct)
end

function __hob_complete_task
    set -l words (__hob_task) (commandline -ct)
    complete -C "$(string escape -- $words | string join ' ')"
end

function __hob_ids
    set -l tasks (hob list 2>/dev/null | tail -n +2)
    string replace -rf '^(\S+) +([A-Za-z0-9][A-Za-z0-9_.-]*)  +' '$2\t$1  ' -- $tasks
    string replace -rf '^(\S+) +' '$1\t' -- $tasks
end

# Whether the words after one of the commands $argv are being typed, and in "hob run" not yet the task's.
function __hob_in
    set -l words (commandline -opc)
    contains -- "$words[2]" $argv; and not __hob_task >/dev/null
end

complete -c hob -f
complete -c hob -n __hob_task -a '(__hob_complete_task)'
complete -c hob -n '__hob_in show logs screen wait send attach kill stop restart' -k -a '(__hob_ids)'

for name in (hob help --complete 2>/dev/null)
    set -l help (hob help $name)
    set -l summary (string replace -r '^hob \S+: ' '' -- $help[1])
    set -l aliases (string replace -rf '^also: +' '' -- $help)
    complete -c hob -n 'test (count (commandline -opc)) = 1' -a $name -d $summary
    complete -c hob -n '__hob_in help' -a $name -d $summary
    for line in (string match -r '^  (?:-\w, |    )--.*' -- $help)
        set -l option (string match -rg '^.{6}--([a-z-]+)' -- $line)
        set -l letter (string match -rg '^  -(\w), ' -- $line)
        set -l words -l $option -d (string match -rg '^.{6}\S+(?: \S+)? +(.*)' -- $line)
        test -n "$letter"; and set -a words -s $letter
        string match -qr '^.{6}--[a-z-]+ \S' -- $line; and set -a words -x
        switch $option
            case lifetime
                set -a words -a 'session app detached'
            case status
                set -a words -a 'pending running completed failed cancelled'
            case on-abort
                set -a words -a 'kill detach'
            case signal
                set -a words -a 'TERM INT HUP QUIT KILL USR1 USR2'
            case cd project
                set -a words -a '(__fish_complete_directories)'
            case shell
                set -a words -a '(__fish_complete_path (commandline -ct))'
        end
        complete -c hob -n "__hob_in $name $aliases" $words
    end
end
