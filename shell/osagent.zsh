# osagent for zsh. In ~/.zshrc:  eval "$(osagent hook zsh)"
#
# At each prompt it sees whether the token of this shell is still the right one. While nothing changed it starts no
# process: it reads the agent's epoch file, which grows at every renewal, lock and revoke, and looks at the clock.
# It touches this shell only after `osagent use`, or if it was loaded by `osagent hook zsh --auto`, and only as long as
# OS_TOKEN is the one that it set itself.

zmodload -F zsh/datetime p:EPOCHSECONDS
zmodload zsh/parameter

if ((!${+functions[_osagent_prompt]})); then
	# What this shell follows: nothing (empty), the default profile (auto), or what `osagent use` was told (use).
	typeset -g _osagent_mode=${_osagent_auto:+auto}
	typeset -ga _osagent_args=()
	# OS_TOKEN and OSAGENT_HOOK as they were left here. Others come from direnv, or from an `osagent env` by hand, which
	# takes OSAGENT_HOOK away: those are not ours to change.
	typeset -g _osagent_token=
	typeset -g _osagent_mark=
	# The epoch at the last try, and the time of the next one if the epoch stands still.
	typeset -g _osagent_seen=unknown
	typeset -gi _osagent_due=0
	typeset -g _osagent_program=
	# What the shell had before the first `osagent use`.
	typeset -g _osagent_is_saved=
	typeset -gA _osagent_saved_values=()
	typeset -gA _osagent_saved_types=()
	typeset -g _osagent_saved_token=
	typeset -g _osagent_saved_mark=
	# A token that the default profile brought to the parent shell (a terminal multiplexer hands on old ones).
	if [[ -n ${OSAGENT_HOOK-} && $OSAGENT_HOOK == "${OSAGENT_PROFILE-}/${OSAGENT_EXPIRES-}" ]]; then
		_osagent_token=${OS_TOKEN-}
		_osagent_mark=$OSAGENT_HOOK
	fi
fi

function _osagent_prompt {
	local code=$?
	if [[ -n $_osagent_mode && ${OS_TOKEN-} == "$_osagent_token" && ${OSAGENT_HOOK-} == "$_osagent_mark" ]]; then
		_osagent_follow
	fi
	return $code
}

function _osagent_follow {
	emulate -L zsh
	local epoch
	integer now
	if [[ -n ${OSAGENT_DIRENV-} ]] && ((${+functions[_direnv_hook]})); then
		return 0
	fi
	_osagent_look
	if [[ $epoch == "$_osagent_seen" && -x $_osagent_program ]] && ((now < _osagent_due)); then
		return 0
	fi
	_osagent_refresh
}

# Sets epoch (empty: no agent runs) and now.
function _osagent_look {
	local file
	if [[ -n ${OSAGENT_SOCK-} ]]; then
		file=$OSAGENT_SOCK.epoch
	elif [[ -n ${XDG_RUNTIME_DIR-} ]]; then
		file=$XDG_RUNTIME_DIR/osagent/agent.sock.epoch
	elif [[ -d /run/user/$UID ]]; then
		file=/run/user/$UID/osagent/agent.sock.epoch
	else
		file=/tmp/osagent-$UID/agent.sock.epoch
	fi
	epoch=
	if [[ -r $file ]]; then
		{ IFS= read -r epoch <$file; } 2>/dev/null || epoch=
	fi
	now=$EPOCHSECONDS
}

function _osagent_refresh {
	local text
	integer code=0
	_osagent_seen=$epoch
	if ! whence -p osagent >/dev/null; then
		_osagent_program=
		_osagent_drop
		return 0
	fi
	_osagent_program=$(whence -p osagent)
	text=$("$_osagent_program" env --shell zsh "${_osagent_args[@]}" --at-prompt </dev/null 2>/dev/null) || code=$?
	case $code in
	0) _osagent_take "$text" || _osagent_drop ;;
	# Keystone or the agent did not answer: a token that still lives stays until its end.
	5 | 6) _osagent_plan 0 || _osagent_drop ;;
	*) _osagent_drop ;;
	esac
}

function _osagent_take {
	eval "$1" || return
	_osagent_token=${OS_TOKEN-}
	_osagent_plan 300 || :
	_osagent_mark=${OSAGENT_PROFILE-}/${OSAGENT_EXPIRES-}
	unset OSAGENT_HOOK
	typeset -g OSAGENT_HOOK=$_osagent_mark
	# Only what the default profile brought is renewed in a child shell too.
	if [[ $_osagent_mode == auto ]]; then
		export OSAGENT_HOOK
	fi
}

# The next try: $1 seconds before the token's end, or at its end if that is too near. Fails when it has ended.
function _osagent_plan {
	integer end=0
	case ${OSAGENT_EXPIRES-} in
	'' | *[!0-9]*) ;;
	*) end=$((10#$OSAGENT_EXPIRES)) ;;
	esac
	_osagent_due=99999999999
	if ((end <= now)); then
		return 1
	fi
	_osagent_due=$((end - $1 > now ? end - $1 : end))
}

# Takes away what was exported here, without osagent's help.
function _osagent_drop {
	emulate -L zsh
	local name
	for name in OS_TOKEN OS_AUTH_TOKEN ${(s.:.)OSAGENT_EXPORTED-} OSAGENT_EXPIRES OSAGENT_EXPORTED OSAGENT_HOOK; do
		case $name in
		*[!a-zA-Z0-9_]* | OSAGENT_SOCK | OSAGENT_SHELL) ;;
		OS_?* | OSAGENT_?* | ST_?* | SWIFT_?*) unset $name 2>/dev/null || : ;;
		esac
	done
	_osagent_token=
	_osagent_mark=
	_osagent_due=99999999999
}

function _osagent_use {
	emulate -L zsh
	local text epoch
	integer now code=0
	case ${1-} in
	-h | --help)
		command osagent use "$@"
		return
		;;
	-)
		_osagent_give_back
		return
		;;
	--off)
		_osagent_mode=
		_osagent_clear
		return 0
		;;
	esac
	if [[ -z $_osagent_is_saved ]]; then
		_osagent_save
	fi
	_osagent_look
	_osagent_seen=$epoch
	_osagent_program=$(whence -p osagent) || :
	text=$(command osagent env --shell zsh "$@") || code=$?
	_osagent_mode=use
	_osagent_args=("$@")
	if ((code == 0)); then
		_osagent_take "$text" || code=$?
	fi
	if ((code != 0)); then
		_osagent_mode=
		eval "$text" || :
		_osagent_drop
	fi
	return $code
}

function _osagent_clear {
	local text
	if text=$(command osagent env --shell zsh --unset 2>/dev/null); then
		eval "$text" || :
	fi
	_osagent_drop
}

function _osagent_save {
	local name
	_osagent_saved_values=()
	_osagent_saved_types=()
	for name in ${(k)parameters[(I)(OS_*|OSAGENT_(PROFILE|EXPIRES|EXPORTED|HOOK))]}; do
		_osagent_saved_values[$name]=${(P)name}
		_osagent_saved_types[$name]=${(Pt)name}
	done
	_osagent_saved_token=$_osagent_token
	_osagent_saved_mark=$_osagent_mark
	_osagent_is_saved=1
}

function _osagent_give_back {
	local name
	if [[ -z $_osagent_is_saved ]]; then
		print -ru2 -- "osagent: there was no 'osagent use' in this shell"
		return 2
	fi
	_osagent_clear
	for name in ${(k)_osagent_saved_values}; do
		# What is still there was not ours, and may have changed since.
		if ((${+parameters[$name]})); then
			continue
		fi
		typeset -g $name=$_osagent_saved_values[$name]
		if [[ $_osagent_saved_types[$name] == *export* ]]; then
			export $name
		fi
	done
	_osagent_mode=${_osagent_auto:+auto}
	_osagent_args=()
	_osagent_token=$_osagent_saved_token
	_osagent_mark=$_osagent_saved_mark
	_osagent_seen=unknown
	_osagent_is_saved=
	return 0
}

function osagent {
	case ${1-} in
	use)
		shift
		_osagent_use "$@"
		;;
	*) command osagent "$@" ;;
	esac
}

() {
	emulate -L zsh
	typeset -ga precmd_functions
	if ((!${precmd_functions[(I)_osagent_prompt]})); then
		# First, so that the others see the status of the user's command from us.
		precmd_functions=(_osagent_prompt $precmd_functions)
	fi
}
