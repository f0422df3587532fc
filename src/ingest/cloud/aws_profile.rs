//! The profile of the AWS command line: keys and region in `~/.aws/credentials` and `~/.aws/config`.
//!
//! Keys that stand there are used; a profile that has to be asked for its keys (single sign-on, roles) is not.

use std::env;
use std::path::PathBuf;

/// What a profile says.
#[derive(Default)]
pub(super) struct Profile {
    pub keys: Option<Keys>,
    pub region: Option<String>,
}

/// Keys for requests.
pub(super) struct Keys {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

impl Profile {
    /// The profile that AWS_PROFILE names, or the default one.
    pub fn of_the_user() -> Self {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let home = set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from).unwrap_or_default();
        let text = |variable: &str, name: &str| {
            let path = set(variable).map_or_else(|| home.join(".aws").join(name), PathBuf::from);
            // Without the file there is no profile.
            std::fs::read_to_string(path).unwrap_or_default()
        };
        let name = set("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
        Self::of(&name, &text("AWS_SHARED_CREDENTIALS_FILE", "credentials"), &text("AWS_CONFIG_FILE", "config"))
    }

    /// What the texts of both files say of a profile.
    fn of(name: &str, credentials: &str, config: &str) -> Self {
        let in_config = if name == "default" { name.to_owned() } else { format!("profile {name}") };
        let value = |key: &str| setting(credentials, name, key).or_else(|| setting(config, &in_config, key));
        let keys = value("aws_access_key_id").zip(value("aws_secret_access_key"));
        let token = value("aws_session_token");
        Self { keys: keys.map(|(id, secret)| Keys { id, secret, token }), region: value("region") }
    }
}

/// The value of a key in a section.
fn setting(text: &str, section: &str, key: &str) -> Option<String> {
    let mut within = false;
    for line in text.lines() {
        let bare = line.trim();
        if let Some(title) = bare.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            within = title.split_whitespace().eq(section.split_whitespace());
        } else if let (true, false, Some((name, value))) = (within, line.starts_with([' ', '\t']), bare.split_once('='))
            && name.trim().eq_ignore_ascii_case(key)
        {
            return Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "# made up\n[default]\naws_access_key_id = D\naws_secret_access_key=DS=\n[ night ]\n\
aws_access_key_id = N\naws_secret_access_key = NS\naws_session_token = NT\n";
    const CONFIG: &str = "[default]\nregion = eu-west-1\ns3 =\n  region = nested\n[profile night]\nregion=us-east-2\n\
[profile sso]\nsso_session = x\nregion = eu-north-1\n";

    #[test]
    fn a_profile_has_the_keys_of_its_section() {
        let of = |name: &str| {
            let profile = Profile::of(name, CREDENTIALS, CONFIG);
            (profile.keys.map(|keys| (keys.id, keys.secret, keys.token)), profile.region)
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(of("default"), (Some(("D".into(), "DS=".into(), None)), text("eu-west-1")));
        assert_eq!(of("night"), (Some(("N".into(), "NS".into(), text("NT"))), text("us-east-2")));
        assert_eq!(of("sso"), (None, text("eu-north-1")));
        assert_eq!(of("none"), (None, None));
    }
}
