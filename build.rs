//! Links libgcc's unwinder into the programs, where Rust would have the loader look for libgcc_s.so each time one starts: a
//! sixth of what a warm `osagent token` takes. Where that cannot be done, the programs are linked as any other.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> io::Result<()> {
    let mut cargo = io::stdout().lock();
    writeln!(cargo, "cargo::rerun-if-changed=build.rs")?;
    writeln!(cargo, "cargo::rerun-if-env-changed=RUSTC_LINKER")?;
    if let (Some(archives), Some(folder)) = (archives(), env::var_os("OUT_DIR").map(PathBuf::from)) {
        // Rust asks for `-lgcc_s`. The linker takes the first file of that name, and this one sends it to the archives.
        let script = archives.map(|archive| archive.display().to_string()).join(" ");
        fs::write(folder.join("libgcc_s.so"), format!("GROUP({script})\n"))?;
        writeln!(cargo, "cargo::rustc-link-arg-bins=-L{}", folder.display())?;
    }
    Ok(())
}

/// The unwinder, and what it needs in turn, as the linker that Rust will call has them.
fn archives() -> Option<[PathBuf; 2]> {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // Elsewhere (musl, or a static program) it is linked in already, or has another name.
    let is_meant = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    let is_static =
        env::var("CARGO_CFG_TARGET_FEATURE").is_ok_and(|all| all.split(',').any(|one| one == "crt-static"));
    if !is_meant || is_static {
        return None;
    }
    let linker = match env::var_os("RUSTC_LINKER") {
        Some(linker) => linker,
        None if env::var_os("HOST") == env::var_os("TARGET") => "cc".into(),
        None => return None,
    };
    let find = |name: &str| {
        let output = Command::new(&linker).arg(format!("-print-file-name={name}")).output().ok()?;
        let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        // A name that it does not find it gives back as it was. One with a blank the script could not say.
        (path.is_file() && path.is_absolute() && is_plain(&path)).then_some(path)
    };
    Some([find("libgcc_eh.a")?, find("libgcc.a")?])
}

fn is_plain(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-".contains(c)))
}
