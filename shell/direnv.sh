# osagent for direnv: a library, for ~/.config/direnv/lib/osagent.sh. In an .envrc:  use osagent PROFILE [--region R] …
#
# It takes the token from the agent, never asks, and is run again when the agent's epoch moves (a renewal, a lock, a
# revoke). Without a token it says so in one line and leaves none of another cloud's variables behind. What was there
# before comes back when the folder is left.
# shellcheck shell=bash

use_osagent() {
	local file name text code=0
	if [[ -n ${OSAGENT_SOCK-} ]]; then
		file=$OSAGENT_SOCK.epoch
	elif [[ -n ${XDG_RUNTIME_DIR-} ]]; then
		file=$XDG_RUNTIME_DIR/osagent/agent.sock.epoch
	elif [[ -d /run/user/$UID ]]; then
		file=/run/user/$UID/osagent/agent.sock.epoch
	else
		file=/tmp/osagent-$UID/agent.sock.epoch
	fi
	watch_file "$file"
	# The hook of a shell leaves the variables to direnv as long as this is there.
	export OSAGENT_DIRENV=1
	# No terminal on standard error: then osagent asks nobody.
	text=$(command osagent env --shell bash "$@" --at-prompt </dev/null 2>/dev/null) || code=$?
	eval "$text" || :
	if ((code != 0)); then
		# Also when osagent is missing and could not say which: better none than those of another cloud.
		for name in "${!OS_@}" OSAGENT_EXPIRES OSAGENT_EXPORTED; do
			case $name in
			OS_CLIENT_CONFIG_FILE) ;;
			OS_IDENTITY_API_VERSION) unset -v "$name" ;;
			OS_*_API_VERSION) ;;
			*) unset -v "$name" ;;
			esac
		done
		case $code in
		127) log_error "osagent: the program is not on PATH" ;;
		3) log_error "osagent: no token yet: run 'osagent env $*' once, for it has to ask you something" ;;
		*) log_error "osagent: no token (exit status $code): 'osagent env $*' says why" ;;
		esac
	fi
	# Not a failure, for direnv would then keep what was there before.
	return 0
}
