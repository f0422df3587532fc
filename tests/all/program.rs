//! Running the program itself: exit codes, standard error, standard input and closed pipes.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Fails the test unless the program ended with this code and without a panic.
    #[track_caller]
    pub fn ends(&self, code: i32) -> &Self {
        assert!(!self.err.contains("panicked"), "{self:#?}");
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Fails the test unless standard error holds all of these texts.
    #[track_caller]
    pub fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.err.contains(text), "`{text}` is not in {self:#?}");
        }
        self
    }

    /// Fails the test unless the output or standard error holds all of these texts: a table tells all it has to say.
    #[track_caller]
    pub fn tells(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.err.contains(text) || self.out.contains(text), "`{text}` is not in {self:#?}");
        }
        self
    }

    /// The JSON document on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A directory in which the program runs, without the user's settings.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Entries, one a line.
    pub fn log(&self, name: &str, entries: &[Value]) -> &Self {
        self.write(name, entries.iter().map(|entry| format!("{entry}\n")).collect::<String>())
    }

    /// Names of the files that are here.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_billtrail"));
        command.args(args).current_dir(self.0.path()).env_clear().env("HOME", self.0.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    /// Runs with these bytes on standard input.
    pub fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The program need not read its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs `calls` over inputs and returns the document.
    #[track_caller]
    pub fn calls(&self, inputs: &[&str], code: i32) -> Value {
        let args: Vec<&str> =
            ["calls", "--format", "json", "--quiet"].into_iter().chain(inputs.iter().copied()).collect();
        self.run(&args).ends(code).json()
    }
}

/// A good entry of a known service.
pub fn good(insert_id: &str) -> Value {
    json!({
        "insertId": insert_id,
        "timestamp": "2026-10-05T10:00:00Z",
        "logName": "projects/shop-data/logs/cloudaudit.googleapis.com%2Fdata_access",
        "resource": {"type": "gcs_bucket", "labels": {"project_id": "shop-data"}},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "storage.googleapis.com",
            "methodName": "storage.objects.get",
            "resourceName": "projects/_/buckets/b/objects/o",
            "authenticationInfo": {"principalEmail": "bo@example.com"},
        },
    })
}

/// The insertIds of the calls of a document, sorted.
pub fn ids(document: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> =
        document["rows"].as_array().unwrap().iter().filter_map(|row| row["insert_id"].as_str()).collect();
    ids.sort_unstable();
    ids
}
