//! OpenRC files as Horizon writes them, for a user and a project of the real Keystone.

use crate::keystone::User;

/// Who logs in, where, and for what.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) auth_url: String,
    pub(crate) user: User,
    pub(crate) project_id: String,
    pub(crate) project_name: String,
}

impl Login {
    /// The file as it is handed out: it asks for the password.
    pub(crate) fn rc_that_asks(&self) -> String {
        self.rc(concat!(
            "# With Keystone you pass the keystone password.\n",
            "echo \"Please enter your OpenStack Password for project $OS_PROJECT_NAME as user $OS_USERNAME: \"\n",
            "read -sr OS_PASSWORD_INPUT\n",
            "export OS_PASSWORD=$OS_PASSWORD_INPUT\n",
        ))
    }

    /// The file after somebody was tired of typing.
    pub(crate) fn rc_with_password(&self) -> String {
        self.rc(&format!("export OS_PASSWORD={}\n", single_quoted(&self.user.password)))
    }

    fn rc(&self, password: &str) -> String {
        let Login { auth_url, user, project_id, project_name } = self;
        let (user, project_name) = (double_quoted(&user.name), double_quoted(project_name));
        format!(
            "#!/usr/bin/env bash\n\
             export OS_AUTH_URL={auth_url}\n\
             # With the addition of Keystone we have standardized on the term **project**.\n\
             export OS_PROJECT_ID={project_id}\n\
             export OS_PROJECT_NAME={project_name}\n\
             export OS_USER_DOMAIN_NAME=\"Default\"\n\
             if [ -z \"$OS_USER_DOMAIN_NAME\" ]; then unset OS_USER_DOMAIN_NAME; fi\n\
             export OS_PROJECT_DOMAIN_ID=\"default\"\n\
             if [ -z \"$OS_PROJECT_DOMAIN_ID\" ]; then unset OS_PROJECT_DOMAIN_ID; fi\n\
             # unset v2.0 items in case set\n\
             unset OS_TENANT_ID\n\
             unset OS_TENANT_NAME\n\
             export OS_USERNAME={user}\n\
             {password}\
             # If your configuration has multiple regions, we set that information here.\n\
             export OS_REGION_NAME=\"SBG1\"\n\
             # Don't leave a blank variable, unset it if it was empty\n\
             if [ -z \"$OS_REGION_NAME\" ]; then unset OS_REGION_NAME; fi\n\
             export OS_INTERFACE=public\n\
             export OS_IDENTITY_API_VERSION=3\n"
        )
    }
}

/// A file of plain exports, as people write them by hand.
pub(crate) fn exports(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!("export {name}={}\n", single_quoted(value))).collect()
}

pub(crate) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if "\"$`\\".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
