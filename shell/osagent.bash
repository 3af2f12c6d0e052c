# osagent for bash. In ~/.bashrc:  eval "$(osagent hook bash)"
#
# At each prompt it sees whether the token of this shell is still the right one. While nothing changed it starts no
# process: it reads the agent's epoch file, which grows at every renewal, lock and revoke, and looks at the clock.
# It touches this shell only after `osagent use`, or if it was loaded by `osagent hook bash --auto`, and only as long as
# OS_TOKEN is the one that it set itself.
# shellcheck shell=bash

if ! declare -F _osagent_prompt >/dev/null; then
	# What this shell follows: nothing (empty), the default profile (auto), or what `osagent use` was told (use).
	_osagent_mode=${_osagent_auto:+auto}
	_osagent_args=()
	# OS_TOKEN and OSAGENT_HOOK as they were left here. Others come from direnv, or from an `osagent env` by hand, which
	# takes OSAGENT_HOOK away: those are not ours to change.
	_osagent_token=
	_osagent_mark=
	# The epoch at the last try, and the time of the next one if the epoch stands still.
	_osagent_seen=unknown
	_osagent_due=0
	_osagent_program=
	# What the shell had before the first `osagent use`.
	_osagent_is_saved=
	_osagent_saved_names=()
	_osagent_saved_values=()
	_osagent_saved_exports=()
	_osagent_saved_token=
	_osagent_saved_mark=
	# A token that the default profile brought to the parent shell (a terminal multiplexer hands on old ones).
	if [[ -n ${OSAGENT_HOOK-} && $OSAGENT_HOOK == "${OSAGENT_PROFILE-}/${OSAGENT_EXPIRES-}" ]]; then
		_osagent_token=${OS_TOKEN-}
		_osagent_mark=$OSAGENT_HOOK
	fi
fi

function _osagent_prompt {
	local status=$?
	if [[ -n $_osagent_mode && ${OS_TOKEN-} == "$_osagent_token" && ${OSAGENT_HOOK-} == "$_osagent_mark" ]]; then
		_osagent_follow
	fi
	return "$status"
}

function _osagent_follow {
	local epoch now
	if [[ -n ${OSAGENT_DIRENV-} ]] && declare -F _direnv_hook >/dev/null; then
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
		{ IFS= read -r epoch <"$file"; } 2>/dev/null || epoch=
	fi
	# Before bash 5 there is no EPOCHSECONDS, before 4.2 no clock without a process: there the epoch alone tells.
	now=${EPOCHSECONDS-}
	if [[ -z $now ]]; then
		printf -v now '%(%s)T' -1 2>/dev/null || now=0
	fi
}

function _osagent_refresh {
	local text code=0
	_osagent_seen=$epoch
	hash -d osagent 2>/dev/null || :
	if ! type -P osagent >/dev/null; then
		_osagent_program=
		_osagent_drop
		return 0
	fi
	_osagent_program=$(type -P osagent)
	text=$("$_osagent_program" env --shell bash ${_osagent_args[@]+"${_osagent_args[@]}"} --at-prompt </dev/null 2>/dev/null) || code=$?
	case $code in
	0) _osagent_take "$text" || _osagent_drop ;;
	# Keystone or the agent did not answer: a token that still lives stays until its end.
	5 | 6)
		_osagent_plan 0 || _osagent_drop
		;;
	*) _osagent_drop ;;
	esac
}

function _osagent_take {
	eval "$1" || return
	_osagent_token=${OS_TOKEN-}
	_osagent_plan 300 || :
	_osagent_mark=${OSAGENT_PROFILE-}/${OSAGENT_EXPIRES-}
	unset -v OSAGENT_HOOK
	OSAGENT_HOOK=$_osagent_mark
	# Only what the default profile brought is renewed in a child shell too.
	if [[ $_osagent_mode == auto ]]; then
		export OSAGENT_HOOK
	fi
}

# The next try: $1 seconds before the token's end, or at its end if that is too near. Fails when it has ended.
function _osagent_plan {
	local end=${OSAGENT_EXPIRES-}
	case $end in
	'' | *[!0-9]*) end=0 ;;
	*) end=$((10#$end)) ;;
	esac
	_osagent_due=99999999999
	if ((end <= now)); then
		return 1
	fi
	_osagent_due=$((end - $1 > now ? end - $1 : end))
}

# Takes away what was exported here, without osagent's help.
function _osagent_drop {
	local name rest=OS_TOKEN:OS_AUTH_TOKEN:${OSAGENT_EXPORTED-}:OSAGENT_EXPIRES:OSAGENT_EXPORTED:OSAGENT_HOOK:
	while [[ -n $rest ]]; do
		name=${rest%%:*}
		rest=${rest#*:}
		case $name in
		*[![:alnum:]_]* | OSAGENT_SOCK | OSAGENT_SHELL) ;;
		OS_?* | OSAGENT_?* | ST_?* | SWIFT_?*) unset -v "$name" 2>/dev/null || : ;;
		esac
	done
	_osagent_token=
	_osagent_mark=
	_osagent_due=99999999999
}

function _osagent_use {
	local text epoch now code=0
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
	hash -d osagent 2>/dev/null || :
	_osagent_program=$(type -P osagent) || :
	text=$(command osagent env --shell bash "$@") || code=$?
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
	return "$code"
}

function _osagent_clear {
	local text
	if text=$(command osagent env --shell bash --unset 2>/dev/null); then
		eval "$text" || :
	fi
	_osagent_drop
}

function _osagent_save {
	local name flags
	_osagent_saved_names=()
	_osagent_saved_values=()
	_osagent_saved_exports=()
	for name in "${!OS_@}" OSAGENT_PROFILE OSAGENT_EXPIRES OSAGENT_EXPORTED OSAGENT_HOOK; do
		if [[ -z ${!name+set} ]]; then
			continue
		fi
		flags=$(declare -p "$name")
		flags=${flags#declare -}
		_osagent_saved_names+=("$name")
		_osagent_saved_values+=("${!name}")
		_osagent_saved_exports+=("${flags%% *}")
	done
	_osagent_saved_token=$_osagent_token
	_osagent_saved_mark=$_osagent_mark
	_osagent_is_saved=1
}

function _osagent_give_back {
	local index name value
	if [[ -z $_osagent_is_saved ]]; then
		printf '%s\n' "osagent: there was no 'osagent use' in this shell" >&2
		return 2
	fi
	_osagent_clear
	for index in ${_osagent_saved_names[@]+"${!_osagent_saved_names[@]}"}; do
		name=${_osagent_saved_names[index]}
		value=${_osagent_saved_values[index]}
		# What is still there was not ours, and may have changed since.
		if [[ -n ${!name+set} ]]; then
			continue
		fi
		case ${_osagent_saved_exports[index]} in
		*x*) export "$name=$value" ;;
		*) printf -v "$name" %s "$value" ;;
		esac
	done
	_osagent_mode=${_osagent_auto:+auto}
	_osagent_args=()
	_osagent_token=$_osagent_saved_token
	_osagent_mark=$_osagent_saved_mark
	_osagent_seen=unknown
	_osagent_is_saved=
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

# Element 0, if it is an array. First, so that the others see the status of the user's command from us.
if [[ ${PROMPT_COMMAND[*]-} != *_osagent_prompt* ]]; then
	# shellcheck disable=SC2128,SC2178,SC2179
	PROMPT_COMMAND="_osagent_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
fi
