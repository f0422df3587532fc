//! Settings: values that come from a flag, the environment, a configuration file or a default, in that order.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use serde::Deserialize;

use super::{LogArgs, OutputArgs};
use crate::model::pseudonym::Pseudonyms;
use crate::report::{Dataset, Format};

/// More threads than this help nowhere and can stop a machine.
const MOST_THREADS: usize = 256;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// The ending of the output file.
    Ending,
    /// An environment variable.
    Environment(String),
    /// The configuration file.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("the command line"),
            Self::Ending => f.write_str("the ending of the output file"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The configuration file cannot be read.
    #[error("{}: the configuration cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The configuration file is not valid.
    #[error("{}: {error}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        error: Box<toml::de::Error>,
    },
    /// A value has the wrong form.
    #[error("{name} (from {origin}): `{value}` is not {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Where the value comes from.
        origin: Origin,
        /// The value.
        value: String,
        /// What it should be.
        expected: String,
    },
}

/// The configuration file. Paths in it are relative to its directory.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    map: Option<PathBuf>,
    projects: Option<Vec<PathBuf>>,
    services: Option<PathBuf>,
    timezone: Option<String>,
    threads: Option<usize>,
    max_record: Option<String>,
    memory: Option<String>,
    temp_dir: Option<PathBuf>,
    format: Option<String>,
    strict: Option<bool>,
    quiet: Option<bool>,
    /// Share of a service's entries that its sink or audit configuration lets through.
    #[serde(default)]
    sampled: BTreeMap<String, toml::Value>,
}

/// Everything that is not about one command alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The mapping.
    pub map: Setting<Option<PathBuf>>,
    /// Inventories.
    pub projects: Setting<Vec<PathBuf>>,
    /// The user's catalogue rows.
    pub services: Setting<Option<PathBuf>>,
    /// The time zone of days.
    pub timezone: Setting<Tz>,
    /// Threads; 0 for all.
    pub threads: Setting<usize>,
    /// Bytes of the largest record.
    pub max_record: Setting<usize>,
    /// Bytes of memory to stay within.
    pub memory: Setting<usize>,
    /// Where what does not fit in memory waits; the system's directory if nobody said anything.
    pub temp_dir: Setting<Option<PathBuf>>,
    /// The output format.
    pub format: Setting<Format>,
    /// Rejected records fail the run.
    pub strict: Setting<bool>,
    /// Nothing but errors on standard error.
    pub quiet: Setting<bool>,
    /// Services whose entries the user declares to be sampled or exempted, with the declared rate as text.
    pub sampled: Setting<BTreeMap<String, String>>,
    /// What stands in the place of principals.
    pub pseudonyms: Option<Pseudonyms>,
}

/// Where the layers below the command line are found.
struct Layers<'e> {
    environment: &'e dyn Fn(&str) -> Option<String>,
    file: File,
    path: PathBuf,
}

impl Settings {
    /// Puts the layers together. `environment` looks a variable up.
    ///
    /// # Errors
    /// When the file or a value cannot be used; names the origin.
    pub fn resolve(
        logs: &LogArgs,
        output: &OutputArgs,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let (path, file) = configuration(logs.config.as_deref(), environment)?;
        let layers = Layers { environment, file, path };
        let file = &layers.file;
        let beside = |path: &PathBuf| layers.path.parent().unwrap_or(Path::new("")).join(path);
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let one = |name: &'static str, flag: &Option<PathBuf>, file: &Option<PathBuf>| {
            let found = layers.text(name, flag.as_ref().map(text), file.as_ref().map(beside).as_ref().map(text));
            Setting { value: found.value.map(PathBuf::from), origin: found.origin }
        };
        let flag_list = (!logs.projects.is_empty()).then(|| logs.projects.clone());
        let listed = file.projects.as_ref().map(|paths| paths.iter().map(beside).collect());
        let environment_list = |value: String| std::env::split_paths(&value).collect();
        let mut sampled = BTreeMap::new();
        for (service, rate) in &file.sampled {
            sampled.insert(service.clone(), layers.rate(service, rate)?);
        }
        let sampled_origin = if sampled.is_empty() { Origin::Default } else { Origin::File(layers.path.clone()) };
        Ok(Self {
            map: one("map", &logs.map, &file.map),
            projects: layers.pick("projects", flag_list, environment_list, listed, Vec::new()),
            services: one("services", &logs.services, &file.services),
            timezone: layers.parsed("timezone", logs.timezone.clone(), file.timezone.clone(), "UTC", |text| {
                text.parse().map_err(|_| "a time zone of the IANA database, such as Europe/Berlin".to_owned())
            })?,
            threads: layers.parsed(
                "threads",
                logs.threads.map(|threads| threads.to_string()),
                file.threads.map(|threads| threads.to_string()),
                "0",
                |text| match text.parse() {
                    Ok(threads) if threads <= MOST_THREADS => Ok(threads),
                    _ => Err(format!("a number up to {MOST_THREADS}")),
                },
            )?,
            max_record: layers.parsed("max-record", logs.max_record.clone(), file.max_record.clone(), "64MiB", size)?,
            memory: layers.parsed("memory", logs.memory.clone(), file.memory.clone(), "256MiB", size)?,
            temp_dir: one("temp-dir", &logs.temp_dir, &file.temp_dir),
            format: layers.format(output)?,
            strict: layers.switch("strict", logs.strict, file.strict)?,
            quiet: layers.switch("quiet", logs.quiet, file.quiet)?,
            sampled: Setting { value: sampled, origin: sampled_origin },
            pseudonyms: output.names.pseudonymise.clone(),
        })
    }

    /// The same beside a bill, which counts days in US/Pacific.
    /// Source: <https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage>
    pub fn beside_a_bill(mut self) -> Self {
        if self.timezone.origin == Origin::Default {
            self.timezone.value = Tz::America__Los_Angeles;
        }
        self
    }

    /// Name, value and origin of every setting.
    pub fn listed(&self) -> Vec<(&'static str, String, String)> {
        let path = |path: &Option<PathBuf>| path.as_ref().map_or_else(String::new, |path| path.display().to_string());
        let paths: Vec<String> = self.projects.value.iter().map(|path| path.display().to_string()).collect();
        let sampled: Vec<String> =
            self.sampled.value.iter().map(|(service, rate)| format!("{service}={rate}")).collect();
        vec![
            ("map", path(&self.map.value), self.map.origin.to_string()),
            ("projects", paths.join(", "), self.projects.origin.to_string()),
            ("services", path(&self.services.value), self.services.origin.to_string()),
            ("timezone", self.timezone.value.to_string(), self.timezone.origin.to_string()),
            ("threads", self.threads.value.to_string(), self.threads.origin.to_string()),
            ("max-record", self.max_record.value.to_string(), self.max_record.origin.to_string()),
            ("memory", self.memory.value.to_string(), self.memory.origin.to_string()),
            ("temp-dir", path(&self.temp_dir.value), self.temp_dir.origin.to_string()),
            ("format", self.format.value.name().to_owned(), self.format.origin.to_string()),
            ("strict", self.strict.value.to_string(), self.strict.origin.to_string()),
            ("quiet", self.quiet.value.to_string(), self.quiet.origin.to_string()),
            ("sampled", sampled.join(", "), self.sampled.origin.to_string()),
        ]
    }
}

impl Layers<'_> {
    /// The first of flag, environment and file.
    fn pick<T>(
        &self,
        name: &'static str,
        flag: Option<T>,
        environment: impl FnOnce(String) -> T,
        file: Option<T>,
        default: T,
    ) -> Setting<T> {
        if let Some(value) = flag {
            return Setting { value, origin: Origin::Flag };
        }
        let variable = format!("BILLTRAIL_{}", name.to_uppercase().replace('-', "_"));
        if let Some(value) = (self.environment)(&variable).filter(|value| !value.is_empty()) {
            return Setting { value: environment(value), origin: Origin::Environment(variable) };
        }
        match file {
            Some(value) => Setting { value, origin: Origin::File(self.path.clone()) },
            None => Setting { value: default, origin: Origin::Default },
        }
    }

    fn text(&self, name: &'static str, flag: Option<String>, file: Option<String>) -> Setting<Option<String>> {
        self.pick(name, flag.map(Some), Some, file.map(Some), None)
    }

    fn parsed<T>(
        &self,
        name: &'static str,
        flag: Option<String>,
        file: Option<String>,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingsError> {
        let Setting { value, origin } = self.text(name, flag, file);
        let value = value.unwrap_or_else(|| default.to_owned());
        match parse(&value) {
            Ok(value) => Ok(Setting { value, origin }),
            Err(expected) => Err(SettingsError::Value { name, origin, value, expected }),
        }
    }

    /// A declared rate as text: the part of a service's entries that is logged, or `exempted` when some callers' are not.
    fn rate(&self, service: &str, rate: &toml::Value) -> Result<String, SettingsError> {
        let text = match rate {
            toml::Value::Float(part) if *part > 0.0 && *part <= 1.0 => return Ok(part.to_string()),
            toml::Value::Integer(1) => return Ok("1".to_owned()),
            toml::Value::String(word) if word == "exempted" => return Ok(word.clone()),
            toml::Value::Float(part) => part.to_string(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::String(text) => text.clone(),
            toml::Value::Boolean(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                "…".to_owned()
            }
        };
        Err(SettingsError::Value {
            name: "sampled",
            origin: Origin::File(self.path.clone()),
            value: format!("{service} = {text}"),
            expected: "a part between 0 and 1, or \"exempted\"".to_owned(),
        })
    }

    /// The format: a flag, then the ending of the output file, then what is configured.
    fn format(&self, output: &OutputArgs) -> Result<Setting<Format>, SettingsError> {
        if output.format.is_none()
            && let Some(path) = output.output.as_deref().filter(|path| !is_special(path))
            && let Some(format) = by_ending(path)?
        {
            return Ok(Setting { value: format, origin: Origin::Ending });
        }
        self.parsed("format", output.format.clone(), self.file.format.clone(), "table", format)
    }

    fn switch(&self, name: &'static str, flag: bool, file: Option<bool>) -> Result<Setting<bool>, SettingsError> {
        let flag = flag.then(|| "true".to_owned());
        self.parsed(name, flag, file.map(|value| value.to_string()), "false", |text| match text {
            "true" | "1" | "yes" => Ok(true),
            "false" | "0" | "no" | "" => Ok(false),
            _ => Err("true or false".to_owned()),
        })
    }
}

/// The format that the ending of an output file says; `None` without an ending or with one of plain text.
fn by_ending(path: &Path) -> Result<Option<Format>, SettingsError> {
    let Some(ending) = path.extension().map(|ending| ending.to_string_lossy()) else { return Ok(None) };
    match ending.as_ref() {
        "csv" => Ok(Some(Format::Csv)),
        "json" => Ok(Some(Format::Json)),
        "ndjson" | "jsonl" => Ok(Some(Format::Ndjson)),
        "md" | "markdown" => Ok(Some(Format::Markdown)),
        "html" | "htm" => Ok(Some(Format::Html)),
        "xlsx" => Ok(Some(Format::Xlsx)),
        "parquet" => Ok(Some(Format::Parquet)),
        "txt" => Ok(None),
        _ => Err(SettingsError::Value {
            name: "output",
            origin: Origin::Flag,
            value: path.to_string_lossy().into_owned(),
            expected:
                "a file whose ending names a format (csv, json, ndjson, md, html, xlsx, parquet, txt); give --format"
                    .to_owned(),
        }),
    }
}

/// Whether a path is a device or a pipe: nothing can take its name.
pub fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn format(text: &str) -> Result<Format, String> {
    let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    Format::parse(text).ok_or_else(|| match Dataset::parse(text) {
        Some(dataset) => {
            format!("one of {} here: {dataset} is what `report --bill` makes with --format", names.join(", "))
        }
        None => format!("one of {}", names.join(", ")),
    })
}

/// A number of bytes: `4096`, `64MiB`, `1GB`.
fn size(text: &str) -> Result<usize, String> {
    let expected = || "a size such as 64MiB".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: usize = text[..digits].parse().map_err(|_| expected())?;
    let factor: usize = match text[digits..].trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return Err(expected()),
    };
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(expected)
}

/// The configuration file in use, and where it stands. A file that was named must exist; the usual places need not.
fn configuration(
    flag: Option<&Path>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<(PathBuf, File), SettingsError> {
    let named = flag.map(Path::to_path_buf).or_else(|| environment("BILLTRAIL_CONFIG").map(PathBuf::from));
    let home = environment("XDG_CONFIG_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
        .or_else(|| environment("HOME").map(|home| PathBuf::from(home).join(".config")));
    let usual = [Some(PathBuf::from("billtrail.toml")), home.map(|home| home.join("billtrail/config.toml"))];
    let path = named.or_else(|| usual.into_iter().flatten().find(|path| path.is_file()));
    let Some(path) = path else { return Ok((PathBuf::new(), File::default())) };
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| SettingsError::Unreadable { path: path.clone(), error })?;
    match toml::from_str(&text) {
        Ok(file) => Ok((path, file)),
        Err(error) => Err(SettingsError::Invalid { path, error: Box::new(error) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(logs: &LogArgs, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::resolve(logs, &OutputArgs::default(), &lookup)
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_the_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("c.toml");
        std::fs::write(&path, "timezone = \"Asia/Tokyo\"\nmap = \"units.csv\"\n").expect("written");
        let mut logs = LogArgs { config: Some(path.clone()), ..LogArgs::default() };
        let settings = resolve(&logs, &[]).expect("valid");
        assert_eq!(settings.timezone.value, chrono_tz::Asia::Tokyo);
        assert_eq!(settings.map.value, Some(directory.path().join("units.csv")));
        let settings = resolve(&logs, &[("BILLTRAIL_TIMEZONE", "Europe/Berlin")]).expect("valid");
        assert_eq!(settings.timezone.origin, Origin::Environment("BILLTRAIL_TIMEZONE".to_owned()));
        logs.timezone = Some("UTC".to_owned());
        assert_eq!(
            resolve(&logs, &[("BILLTRAIL_TIMEZONE", "Europe/Berlin")]).expect("valid").timezone.origin,
            Origin::Flag
        );
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("c.toml");
        std::fs::write(&path, "\ntimezome = \"UTC\"\n").expect("written");
        let logs = LogArgs { config: Some(path), ..LogArgs::default() };
        let error = resolve(&logs, &[]).expect_err("misspelt").to_string();
        assert!(error.contains("line 2") && error.contains("timezome"), "{error}");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("10"), Ok(10));
        assert!(size("10 parsecs").is_err() && size("0").is_err() && size("MiB").is_err());
    }
}
