//! Kept results: files that a test compares with what the program does now. `BILLTRAIL_UPDATE=1` writes them anew.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::world::root;

/// Whether kept results are to be written anew.
pub fn updating() -> bool {
    std::env::var_os("BILLTRAIL_UPDATE").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Compares a text with the file of the repository that keeps it, or writes the file.
pub fn compare(file: &str, actual: &str) {
    let path = root().join(file);
    if updating() {
        write(&path, actual);
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept == actual {
        return;
    }
    let line = kept.lines().zip(actual.lines()).position(|(kept, now)| kept != now);
    let line = line.unwrap_or_else(|| kept.lines().count().min(actual.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    panic!(
        "{file} differs from line {} on:\n  kept: {}\n  now:  {}\nIf that is meant, run `BILLTRAIL_UPDATE=1 cargo test --test all` and review the difference.",
        line + 1,
        at(&kept),
        at(actual)
    );
}

/// Writes a file under a name that appears when it is complete, because other tests may read it.
pub fn write(path: &Path, text: &str) {
    let directory = path.parent().unwrap();
    std::fs::create_dir_all(directory).unwrap();
    let file = tempfile::NamedTempFile::new_in(directory).unwrap();
    std::fs::write(file.path(), text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    file.persist(path).unwrap();
}

/// The program, to be run in the repository, without a terminal and without the user's settings.
pub fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_billtrail"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BILLTRAIL_") {
            command.env_remove(name);
        }
    }
    command.env("XDG_CONFIG_HOME", root().join("tests")).env("COLUMNS", "100").env("NO_COLOR", "1");
    command.args(args).current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
pub fn output(args: &[&str]) -> Output {
    program(args).output().unwrap()
}

/// What the program prints when all goes well.
pub fn printed(args: &[&str]) -> String {
    let output = output(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
