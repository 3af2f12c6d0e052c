# osagent for fish. In ~/.config/fish/config.fish:  osagent hook fish | source
#
# At each prompt it sees whether the token of this shell is still the right one. While nothing changed it starts no
# process: it reads the agent's epoch file, which grows at every renewal, lock and revoke, and looks at the clock.
# It touches this shell only after `osagent use`, or if it was loaded by `osagent hook fish --auto`, and only as long as
# OS_TOKEN is the one that it set itself.

if not functions -q _osagent_prompt
    # What this shell follows: nothing (empty), the default profile (auto), or what `osagent use` was told (use).
    set -g _osagent_mode
    set -q _osagent_auto; and set -g _osagent_mode auto
    set -g _osagent_args
    # OS_TOKEN and OSAGENT_HOOK as they were left here. Others come from direnv, or from an `osagent env` by hand, which
    # takes OSAGENT_HOOK away: those are not ours to change.
    set -g _osagent_token
    set -g _osagent_mark
    # The epoch at the last try, and the time of the next one if the epoch stands still.
    set -g _osagent_seen unknown
    set -g _osagent_due 0
    set -g _osagent_program
    # What the shell had before the first `osagent use`.
    set -g _osagent_is_saved
    set -g _osagent_saved_names
    set -g _osagent_saved_exports
    set -g _osagent_saved_token
    set -g _osagent_saved_mark
    # A process, but one a shell, and only where XDG_RUNTIME_DIR is missing.
    set -g _osagent_uid
    test -n "$XDG_RUNTIME_DIR"; or set -g _osagent_uid (id -u)
    # A token that the default profile brought to the parent shell (a terminal multiplexer hands on old ones).
    if test -n "$OSAGENT_HOOK" -a "$OSAGENT_HOOK" = "$OSAGENT_PROFILE/$OSAGENT_EXPIRES"
        set -g _osagent_token $OS_TOKEN
        set -g _osagent_mark $OSAGENT_HOOK
    end
end

function _osagent_prompt --on-event fish_prompt
    if test -n "$_osagent_mode"; and test "x$OS_TOKEN/$OSAGENT_HOOK" = "x$_osagent_token/$_osagent_mark"
        _osagent_follow
    end
end

function _osagent_follow
    if test -n "$OSAGENT_DIRENV"; and functions -q __direnv_export_eval
        return
    end
    _osagent_look
    if test "x$_osagent_epoch" = "x$_osagent_seen"; and test $_osagent_now -lt $_osagent_due; and test -x "$_osagent_program"
        return
    end
    _osagent_refresh
end

# Sets _osagent_epoch (empty: no agent runs) and _osagent_now, the seconds since the machine started: fish has no clock
# of its own, and this one costs no process. Where there is no /proc it stands still, and the epoch alone tells.
function _osagent_look
    set -l file /tmp/osagent-$_osagent_uid/agent.sock.epoch
    if test -n "$OSAGENT_SOCK"
        set file $OSAGENT_SOCK.epoch
    else if test -n "$XDG_RUNTIME_DIR"
        set file $XDG_RUNTIME_DIR/osagent/agent.sock.epoch
    else if test -d /run/user/$_osagent_uid
        set file /run/user/$_osagent_uid/osagent/agent.sock.epoch
    end
    set -g _osagent_epoch
    test -r $file; and read -g _osagent_epoch <$file
    set -g _osagent_now 0
    set -l uptime
    test -r /proc/uptime; and read uptime </proc/uptime
    string match -qr '^(?<_osagent_now>\d+)' -- $uptime
end

function _osagent_refresh
    set -g _osagent_seen $_osagent_epoch
    set -g _osagent_program (command -s osagent)
    if test -z "$_osagent_program"
        _osagent_drop
        return
    end
    set -l text ($_osagent_program env --shell fish $_osagent_args --at-prompt </dev/null 2>/dev/null)
    switch $status
        case 0
            _osagent_take $text; or _osagent_drop
        case 5 6
            # Keystone or the agent did not answer: a token that still lives stays until its end.
            _osagent_plan 0; or _osagent_drop
        case '*'
            _osagent_drop
    end
end

function _osagent_take
    eval $argv; or return
    set -g _osagent_token $OS_TOKEN
    _osagent_plan 300
    set -g _osagent_mark "$OSAGENT_PROFILE/$OSAGENT_EXPIRES"
    # Only what the default profile brought is renewed in a child shell too.
    set -gu OSAGENT_HOOK $_osagent_mark
    test "$_osagent_mode" = auto; and set -gx OSAGENT_HOOK $_osagent_mark
    return 0
end

# The next try: $early seconds before the token's end, or at its end if that is too near. Fails when it has ended.
function _osagent_plan --argument-names early
    set -g _osagent_due 99999999999
    string match -qr '^\d+$' -- "$OSAGENT_EXPIRES"; or return 1
    set -l left (math "$OSAGENT_EXPIRES - "(date +%s))
    test $left -gt 0; or return 1
    test $left -gt $early; and set left (math $left - $early)
    set -g _osagent_due (math $_osagent_now + $left)
end

# Takes away what was exported here, without osagent's help.
function _osagent_drop
    for name in OS_TOKEN OS_AUTH_TOKEN (string split : -- "$OSAGENT_EXPORTED") OSAGENT_EXPIRES OSAGENT_EXPORTED OSAGENT_HOOK
        if string match -qr '^(OS|OSAGENT|ST|SWIFT)_[A-Za-z0-9_]+$' -- "$name"
            contains -- $name OSAGENT_SOCK OSAGENT_SHELL; or set -e $name
        end
    end
    set -g _osagent_token
    set -g _osagent_mark
    set -g _osagent_due 99999999999
end

function _osagent_use
    switch "$argv[1]"
        case -h --help
            command osagent use $argv
            return
        case -
            _osagent_give_back
            return
        case --off
            set -g _osagent_mode
            _osagent_clear
            return 0
    end
    test -n "$_osagent_is_saved"; or _osagent_save
    _osagent_look
    set -g _osagent_seen $_osagent_epoch
    set -g _osagent_program (command -s osagent)
    set -l text (command osagent env --shell fish $argv)
    set -l code $status
    set -g _osagent_mode use
    set -g _osagent_args $argv
    if test $code -eq 0
        _osagent_take $text
        set code $status
    end
    if test $code -ne 0
        set -g _osagent_mode
        eval $text
        _osagent_drop
    end
    return $code
end

function _osagent_clear
    set -l text (command osagent env --shell fish --unset 2>/dev/null)
    and eval $text
    _osagent_drop
end

function _osagent_save
    set -g _osagent_saved_names
    set -g _osagent_saved_exports
    for name in (set -n | string match -r '^(?:OS_.*|OSAGENT_(?:PROFILE|EXPIRES|EXPORTED|HOOK))$')
        set -a _osagent_saved_names $name
        set -g _osagent_saved_value_$name $$name
        set -qx $name; and set -a _osagent_saved_exports $name
    end
    set -g _osagent_saved_token $_osagent_token
    set -g _osagent_saved_mark $_osagent_mark
    set -g _osagent_is_saved 1
end

function _osagent_give_back
    if test -z "$_osagent_is_saved"
        echo "osagent: there was no 'osagent use' in this shell" >&2
        return 2
    end
    _osagent_clear
    for name in $_osagent_saved_names
        set -l saved _osagent_saved_value_$name
        # What is still there was not ours, and may have changed since.
        if not set -q $name
            set -g $name $$saved
            contains -- $name $_osagent_saved_exports; and set -gx $name $$saved
        end
        set -e $saved
    end
    set -g _osagent_mode
    set -q _osagent_auto; and set -g _osagent_mode auto
    set -g _osagent_args
    set -g _osagent_token $_osagent_saved_token
    set -g _osagent_mark $_osagent_saved_mark
    set -g _osagent_seen unknown
    set -g _osagent_is_saved
    return 0
end

function osagent --wraps osagent
    if test "$argv[1]" = use
        _osagent_use $argv[2..]
    else
        command osagent $argv
    end
end
