//! Bash as the oracle: what it has after sourcing a file, and what it asked. Many files a process, each in a subshell of its
//! own, for starting a shell costs more than reading a file. What is sourced finds nothing on its PATH but `dirname`,
//! `basename` and `awk`, and an otherwise empty environment.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::cases::HOME;
use super::shells;

pub(crate) const ARGUMENTS: &[&str] = &["arg one", "two*"];
/// A person does not wait longer for a file, and the generator writes none that runs so long.
const SECONDS_MAX: u32 = 10;

/// Files that lie beside the generated ones: to be sourced, looked at, and matched by patterns.
const BESIDE: &[(&str, &str)] = &[
    ("beside.sh", "export OS_BESIDE=\"$1-$#\"\nplain=beside\nOS_X=${OS_X:-from beside}\n"),
    (
        "returns.sh",
        "export OS_RETURNED=1\n[ -n \"$plain\" ] && return 3\nother=went on\nexport OS_RETURNED=2\n",
    ),
    ("word", "two words\nOS_LINE='of a file'\n"),
    ("a b", ""),
    ("x.y", ""),
    ("*", ""),
    ("ca.pem", ""),
    ("é", ""),
    ("sub/inner.sh", "OS_INNER=sub\nexport OS_INNER\n"),
    ("OS_X=matched", ""),
];

/// After the file: every variable of OpenStack's, with its attributes. `read` is wrapped so that what asks the person, who is
/// the file of answers, is written down.
const PRELUDE: &str = r#"
__dump() {
  set +eufx
  trap - DEBUG ERR RETURN EXIT
  local __name
  for __name in "${!OS_@}"; do
    if [[ -v $__name ]]; then builtin printf '%s\0' "$__name" "${!__name@a}" "${!__name}"; fi
  done
  builtin printf 'end\0'
}
read() {
  if [[ /dev/stdin -ef $__room/answers ]]; then
    builtin printf '%s\0' "$#" "$@" >>"$__room/asked"
  fi
  builtin read "$@"
}
"#;

/// What bash has after a file.
#[derive(Debug, Default)]
pub(crate) struct Shell {
    pub(crate) exported: BTreeMap<String, String>,
    pub(crate) shell_only: BTreeMap<String, String>,
    /// The arguments of each `read` that asked the person.
    pub(crate) asked: Vec<Vec<String>>,
}

/// A file to be sourced, and what is typed at it.
pub(crate) struct Task<'t> {
    pub(crate) text: &'t str,
    pub(crate) answers: &'t [String],
}

pub(crate) struct Oracle {
    bash: PathBuf,
    path: PathBuf,
    rooms: PathBuf,
    /// Where the files are sourced.
    pub(crate) folder: PathBuf,
    _temporary: tempfile::TempDir,
}

/// Bash, under way.
pub(crate) struct Running {
    child: Child,
    rooms: Vec<PathBuf>,
}

impl Oracle {
    pub(crate) fn new() -> Oracle {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        let (path, rooms, folder) = (root.join("bin"), root.join("rooms"), root.join("folder"));
        for made in [&path, &rooms, &folder, &folder.join("sub")] {
            fs::create_dir(made).unwrap();
        }
        for program in ["dirname", "basename", "awk"] {
            symlink(shells::find(program).unwrap(), path.join(program)).unwrap();
        }
        for (name, text) in BESIDE {
            fs::write(folder.join(name), text).unwrap();
        }
        Oracle { bash: shells::find("bash").unwrap(), path, rooms, folder, _temporary: temporary }
    }

    /// The name of the `index`th file of a run.
    pub(crate) fn file_name(index: usize) -> String {
        format!("g{index}.sh")
    }

    /// Starts bash on all of them. `locale` is what a person may have or not have set.
    pub(crate) fn start(&self, tasks: &[Task<'_>], locale: Option<&str>) -> Running {
        let mut script = format!("ulimit -t {SECONDS_MAX}\n{PRELUDE}");
        let mut rooms = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            let name = Oracle::file_name(index);
            let room = self.rooms.join(&name);
            fs::create_dir_all(&room).unwrap();
            for left in ["asked", "values"] {
                let _ = fs::remove_file(room.join(left));
            }
            fs::write(self.folder.join(&name), task.text).unwrap();
            fs::write(room.join("answers"), typed(task)).unwrap();
            let (at, folder) = (room.display(), self.folder.display());
            let [first, second] = [ARGUMENTS[0], ARGUMENTS[1]];
            script.push_str(&format!(
                "( __room={at}; . {folder}/{name} '{first}' '{second}' <{at}/answers >/dev/null 2>&1; __dump >{at}/values )\n"
            ));
            rooms.push(room);
        }
        let mut command = self.command();
        if let Some(locale) = locale {
            command.env("LC_ALL", locale);
        }
        let child = command.args(["-c", &script]).stderr(Stdio::null()).spawn().unwrap();
        Running { child, rooms }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.bash);
        command.args(["--norc", "--noprofile"]).env_clear();
        command.env("HOME", HOME).env("USER", "ada").env("PATH", &self.path);
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// What bash complains of when it only parses the text; `None` when it is content.
    pub(crate) fn syntax_error(&self, text: &[u8]) -> Option<String> {
        let file = self.folder.join("parsed.sh");
        fs::write(&file, text).unwrap();
        let output = self
            .command()
            .arg("-n")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // Of a bad [[ ]] it complains, and succeeds.
        (!output.status.success() || said.contains("syntax error")).then_some(said)
    }

    /// What bash says on its standard error while it sources the file.
    pub(crate) fn complaints(&self, task: &Task<'_>) -> String {
        fs::write(self.folder.join("complained.sh"), task.text).unwrap();
        let answers = self.rooms.join("typed");
        fs::write(&answers, typed(task)).unwrap();
        let script = format!(". ./complained.sh '{}' '{}'", ARGUMENTS[0], ARGUMENTS[1]);
        let mut command = self.command();
        command.args(["-c", &script]).stdin(fs::File::open(&answers).unwrap()).stderr(Stdio::piped());
        String::from_utf8_lossy(&command.output().unwrap().stderr).into_owned()
    }
}

fn typed(task: &Task<'_>) -> String {
    task.answers.iter().map(|answer| format!("{answer}\n")).collect()
}

impl Running {
    /// In the order of the tasks; `None` where bash did not come to the end of the file.
    pub(crate) fn finish(mut self) -> Vec<Option<Shell>> {
        self.child.wait().unwrap();
        self.rooms.iter().map(|room| found(room)).collect()
    }
}

fn found(room: &Path) -> Option<Shell> {
    let text = |name: &str| {
        fs::read(room.join(name))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    };
    let values = text("values");
    let values = values.strip_suffix("end\0")?;
    let fields: Vec<&str> = values.split_terminator('\0').collect();
    let mut shell = Shell::default();
    for triple in fields.chunks_exact(3) {
        let [name, attributes, value] = triple else { continue };
        let side = if attributes.contains('x') { &mut shell.exported } else { &mut shell.shell_only };
        side.insert((*name).to_owned(), (*value).to_owned());
    }
    let asked = text("asked");
    let mut words = asked.split_terminator('\0').map(str::to_owned);
    while let Some(count) = words.next() {
        shell.asked.push(words.by_ref().take(count.parse().unwrap()).collect());
    }
    Some(shell)
}
