//! `billtrail config`: each setting and where it comes from.

use std::fmt::Write as _;

use super::{Ending, Failure, output};
use crate::cli::settings::Settings;
use crate::cli::{ConfigArgs, LogArgs, OutputArgs};
use crate::report::safe;

pub(super) fn run(args: &ConfigArgs) -> Result<Ending, Failure> {
    let logs = LogArgs { config: args.config.clone(), ..LogArgs::default() };
    let settings = Settings::resolve(&logs, &OutputArgs::default(), &|name| std::env::var(name).ok())?;
    let mut out = String::new();
    for (name, value, origin) in settings.listed() {
        let value = if value.is_empty() { "(none)" } else { &value };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:<11} {:<32} {}", safe(value), safe(&origin));
    }
    output::write_to(None, &mut |write| write.write_all(out.as_bytes()))?;
    Ok(Ending::Done)
}
