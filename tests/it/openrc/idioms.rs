//! The generator's paragraphs: what dashboards and installers write, with words of the generator in them.

use super::writer::Writer;

const IDIOMS: &[&str] = &[
    "export OS_AUTH_URL=https://id.example.org:5000/v3\nexport OS_PROJECT_ID=0123\nexport OS_PROJECT_NAME=@DOUBLE\n\
     export OS_USER_DOMAIN_NAME=\"Default\"\nif [ -z \"$OS_USER_DOMAIN_NAME\" ]; then unset OS_USER_DOMAIN_NAME; fi\n\
     export OS_PROJECT_DOMAIN_ID=\"default\"\nif [ -z \"$OS_PROJECT_DOMAIN_ID\" ]; then unset OS_PROJECT_DOMAIN_ID; fi\n\
     # unset v2.0 items in case set\nunset OS_TENANT_ID\nunset OS_TENANT_NAME",
    "export OS_REGION_NAME=@VALUE\n# Don't leave a blank variable, unset it if it was empty\n\
     if [ -z \"$OS_REGION_NAME\" ]; then unset OS_REGION_NAME; fi\nexport OS_INTERFACE=public\n\
     export OS_IDENTITY_API_VERSION=3",
    "for key in $( set | awk '{FS=\"=\"}  /^OS_/ {print $1}' ); do unset $key ; done",
    "for var in ${!OS_*}; do unset \"$var\"; done",
    "unset OS_USERNAME OS_PASSWORD \\\n  OS_AUTH_URL",
    "unset OS_SERVICE_TOKEN\nexport OS_USERNAME=admin\nexport OS_PASSWORD=@NASTY\n\
     export PS1='[\\u@\\h \\W(keystone_admin)]\\$ '",
    "export OS_AUTH_URL=${OS_AUTH_URL:-http://127.0.0.1/identity}\nexport OS_USERNAME=${OS_USERNAME:-$USER}",
    "host=${HOST_IP:-192.0.2.1}\nexport OS_AUTH_URL=${SERVICE_PROTOCOL:-https}://$host:${KEYSTONE_PORT:-5000}/v3",
    ": \"${OS_USERNAME:=fallback}\"\n: ${plain:=@WORD}\nexport OS_USERNAME",
    ": ${OS_USERNAME:?must be set}",
    "_OS_OLD=$OS_X\nexport OS_X=@VALUE\nunset _OS_OLD",
    "if [ -n \"$OS_CLOUD\" ]; then\n  echo \"OS_CLOUD is set\" >&2\n  return 1\nfi",
    "export NOVA_VERSION=1.1\nexport COMPUTE_API_VERSION=1.1\nexport OS_NO_CACHE=True\n\
     export no_proxy=${no_proxy:+$no_proxy,}192.0.2.9\nexport OS_CLOUDNAME=overcloud",
    "if [ -z \"${CLOUDPROMPT_ENABLED:-}\" ]; then\n  export PS1=${PS1:-\"\"}\n  export PS1=\\${OS_CLOUDNAME:+\"(\\$OS_CLOUDNAME)\"}\\ $PS1\n\
     export CLOUDPROMPT_ENABLED=1\nfi",
    "case \"$1\" in\n  admin) export OS_USERNAME=admin ;;\n  *\\ *|two) export OS_USERNAME=\"${1// /_}\" ;;\n  *) return 1 ;;\nesac",
    "if [ $# -ge 1 ]; then\n  export OS_PROJECT_NAME=\"$1\"\n  shift\nfi\nexport OS_REST=\"$*\"",
    "get() { no_such_tool \"$1\"; }\nexport OS_PASSWORD=\"$(get password)\"",
    "add_domain() {\n  local name=${1:-Default}\n  export OS_USER_DOMAIN_NAME=\"$name\" OS_PROJECT_DOMAIN_NAME=\"$name\"\n}\nadd_domain @VALUE",
    "[[ $OS_AUTH_URL == */v3 ]] || OS_AUTH_URL=\"${OS_AUTH_URL%/}/v3\"",
    "[[ $OS_AUTH_URL == */v2.0 ]] && export OS_AUTH_URL=${OS_AUTH_URL%/v2.0}/v3",
    "export OS_CACERT=\"${OS_CACERT:-$HOME/.config/ca.pem}\"\n[ -f \"$OS_CACERT\" ] || unset OS_CACERT",
    "export OS_PROJECT_NAME=@NASTY OS_TENANT_NAME=@NASTY\nexport OS_TENANT_NAME=$OS_PROJECT_NAME",
    "export OS_AUTH_TYPE=v3applicationcredential\nexport OS_APPLICATION_CREDENTIAL_ID=abc\n\
     export OS_APPLICATION_CREDENTIAL_SECRET=@NASTY",
    "export OS_USERNAME=\"$USER@example.org\" OS_HOMED=$HOME/x OS_EMPTY=",
    "set -a; OS_A=@VALUE; OS_B=\"$OS_A\"; set +a",
    "if no_such_test; then export OS_X=one; else export OS_X=one; fi",
    "if no_such_test; then export OS_X=one; else export OS_X=two; fi",
    "if ! no_such_test; then return 1; fi",
    "no_such_test || { echo missing; return 1; }\nexport OS_X=after",
    "while no_such_test; do OS_X=turned; plain=x; done",
    "for one in $(no_such_list); do export OS_X=$one; done",
    "case $(no_such_command) in a) OS_X=a ;; b) unset OS_X ;; esac",
    "work2() { if no_such_test; then return 0; fi; export OS_X=reached; }\nwork2",
    "PS1=\"(\\[\\e[32m\\]$OS_PROJECT_NAME\\[\\e[0m\\]) ${PS1:-$ }\"",
    "export OS_LONG=one\\\ntwo\\\n   three",
    "export OS_TWO='first line\nsecond line' OS_X=\"third\nfourth\"",
    "test \"$OS_X\" && export OS_X || :",
    "export OS_COUNT_OF=${#OS_X} OS_SUB=${OS_X:1:2} OS_TAIL=\"${OS_X: -2}\" OS_HEAD=${plain:0:1}",
    "export OS_UP=${plain^^} OS_LOW=${plain,,} OS_CAP=${plain^} OS_SWAP=\"${OS_X//a/b}\" OS_ONCE=${OS_X/a*/[&]}",
    "export OS_ANCHOR=${plain/#a/b} OS_END=${plain/%d/D} OS_GONE=${plain//[aeiou]}",
    "pointer=plain\nexport OS_POINTED=${!pointer} OS_NAMED=\"${!OS_A@}\"",
    "openstack_env() { export OS_X=\"$1\"; unset -f openstack_env; }\nopenstack_env @NASTY",
];

const ASKING: &[&str] = &[
    "echo \"Please enter your OpenStack Password for project $OS_PROJECT_NAME as user $OS_USERNAME: \"\n\
     read -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT",
    "if [ -z \"$OS_PASSWORD\" ]; then\n  read -s -p \"Password: \" OS_PASSWORD\n  echo\n  export OS_PASSWORD\nfi",
    "read -p \"User [${OS_USERNAME:-none}]: \" typed\nexport OS_USERNAME=${typed:-$OS_USERNAME}",
    "asked() { read -rsp \"$1: \" \"$2\"; echo; }\nasked 'Secret' OS_PASSWORD\nexport OS_PASSWORD",
    "while [ -z \"$OS_TYPED\" ]; do\n  read -r -p 'again: ' OS_TYPED\ndone",
    "printf 'Password: '; read -s OS_PASSWORD; printf '\\n'; export OS_PASSWORD",
    "read -srp OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT",
    "read -r OS_PASSWORD_INPUT # typed\nexport OS_PASSWORD=\"pre${OS_PASSWORD_INPUT}post\"",
];

impl Writer {
    pub(super) fn idiom(&mut self) {
        let is_asked = self.loops == 0 && (self.is_uniform || self.depth == 1) && self.one_in(4);
        let pattern = self.pick(if is_asked { ASKING } else { IDIOMS });
        let text = self.filled(pattern);
        self.line(&text);
    }
}
