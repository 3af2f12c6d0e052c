//! Where most flows begin: a home, a door to Keystone, and somebody's OpenRC file.

use std::path::PathBuf;

use crate::home::Home;
use crate::keystone::{Door, Keystone};
use crate::openrc::Login;
use crate::run::Done;

/// A project whose name does harm wherever it is not quoted.
pub(crate) const WEIRD: &str = "weird  name*'$(touch pwned)\"";

/// The profile that `Scene::add` makes.
pub(crate) const PROFILE: &str = "work";

pub(crate) struct Scene {
    pub(crate) home: Home,
    pub(crate) keystone: &'static Keystone,
    pub(crate) door: Door,
    pub(crate) login: Login,
}

impl Scene {
    pub(crate) fn new(home: Home, user: &str, project: &str) -> Scene {
        let keystone = Keystone::get();
        let door = keystone.door();
        let login = Login {
            auth_url: door.url(),
            user: keystone.user(user),
            project_id: keystone.project_id(project).to_owned(),
            project_name: project.to_owned(),
        };
        Scene { home, keystone, door, login }
    }

    /// A desktop: secrets rest in a gnome-keyring.
    pub(crate) fn on_a_desktop(user: &str, project: &str) -> Scene {
        Scene::new(Home::with_secret_service(), user, project)
    }

    /// A server: secrets rest in the agent's memory.
    pub(crate) fn on_a_server(user: &str, project: &str) -> Scene {
        Scene::new(Home::new(), user, project)
    }

    /// Writes the file that asks, and adds it with the password on stdin.
    #[track_caller]
    pub(crate) fn add(&self) -> Done {
        self.home.write("openrc.sh", &self.login.rc_that_asks());
        self.add_file("openrc.sh", PROFILE)
    }

    #[track_caller]
    pub(crate) fn add_file(&self, file: &str, name: &str) -> Done {
        let add = self.home.osagent(["add", file, "--name", name, "--secret-stdin"]);
        add.stdin(format!("{}\n", self.login.user.password)).ok()
    }

    pub(crate) fn rc(&self) -> PathBuf {
        self.home.path().join("openrc.sh")
    }

    /// A token by the plainest way.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        self.home.osagent(["token", PROFILE]).ok().line().to_owned()
    }
}
