//! The arguments about privacy. The comments here are the help texts.

use std::fs::File;
use std::io::Read;
use std::num::NonZeroUsize;

use clap::Args;

use crate::model::pseudonym::{Identities, Pseudonyms};
use crate::provider::identity_text;

/// More than this is no key, but a file that was named by mistake.
const LONGEST_KEY: u64 = 64 << 10;

/// What a provider knows of identities.
const IDENTITIES: Identities = Identities {
    places: identity_text::identities,
    identifying: identity_text::identifying,
    word: identity_text::word,
};

/// Who is named.
#[derive(Debug, Clone, Default, Args)]
pub struct NameArgs {
    /// Put a pseudonym in the place of every principal, wherever it stands in the output: the same with the same key, in all
    /// outputs and runs. KEYFILE holds a secret of at least 16 bytes that not everybody can read, such as `openssl rand -hex 32`
    /// makes; it is never printed
    #[arg(long, value_name = "KEYFILE", value_parser = key, help_heading = "Privacy")]
    pub pseudonymise: Option<Pseudonyms>,
}

/// How small a group may be.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct GroupArgs {
    /// Put groups of fewer than N principals together in rows `(small groups)`; totals stay. More groups join them where the
    /// difference to the total would tell what one of them has
    #[arg(long, value_name = "N", help_heading = "Privacy")]
    pub min_group: Option<NonZeroUsize>,
}

/// Reads a key.
fn key(path: &str) -> Result<Pseudonyms, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    secret(&file)?;
    let mut key = Vec::new();
    file.by_ref().take(LONGEST_KEY + 1).read_to_end(&mut key).map_err(|error| error.to_string())?;
    if key.len() as u64 > LONGEST_KEY {
        return Err(format!("the file is larger than {LONGEST_KEY} bytes: it is no key"));
    }
    Pseudonyms::new(&key, IDENTITIES).map_err(|error| error.to_string())
}

/// Refuses a file that everybody can read: whoever has the key can try every name.
#[cfg(unix)]
fn secret(file: &File) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if metadata.is_file() && metadata.permissions().mode() & 0o007 != 0 {
        return Err("everybody can read or write this file; take that away with `chmod o-rwx`".to_owned());
    }
    Ok(())
}

/// Other systems tell in other ways who can read a file.
#[cfg(not(unix))]
fn secret(_: &File) -> Result<(), String> {
    Ok(())
}
