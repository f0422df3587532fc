//! The forms in which a filter is delivered: a command for a shell, a link to the Logs Explorer, a Terraform block and the
//! body of an API call. Each takes the text of a filter and quotes it for its own language.

use serde_json::json;

use crate::model::closed_list::closed_list;

closed_list! {
    /// What a scope is.
    pub enum ScopeKind {
        Project = "projects": "a project",
        Folder = "folders": "a folder",
        Organization = "organizations": "an organisation",
        BillingAccount = "billingAccounts": "a billing account",
    }
}

/// Where a filter is run: the owner of the logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// Its id or number.
    pub id: String,
}

impl Scope {
    /// Reads `projects/P`, `folders/F`, `organizations/O` or `billingAccounts/B`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        let kind = *ScopeKind::ALL.iter().find(|known| known.name() == kind)?;
        (!id.is_empty() && !id.contains('/')).then(|| Self { kind, id: id.to_owned() })
    }

    /// The name that `parse` reads.
    pub fn name(&self) -> String {
        format!("{}/{}", self.kind.name(), self.id)
    }
}

/// Why there is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoLink {
    /// Browsers and proxies cut long addresses.
    #[error("the link would have {0} bytes, and browsers cut what is longer than {LONGEST_LINK}")]
    TooLong(usize),
    /// The console does not show these logs.
    #[error("the Logs Explorer does not show the logs of a billing account")]
    BillingAccount,
}

/// No link is longer.
const LONGEST_LINK: usize = 8_000;

/// How far back a search goes that has no time bound.
const DAYS: u32 = 30;

/// A `gcloud logging read` command for a POSIX shell. `bounded` says whether the filter bounds the time itself.
pub fn gcloud(text: &str, scope: Option<&Scope>, bounded: bool) -> String {
    let mut command = format!("gcloud logging read {}", shell(text));
    if let Some(scope) = scope {
        let flag = match scope.kind {
            ScopeKind::Project => "project",
            ScopeKind::Folder => "folder",
            ScopeKind::Organization => "organization",
            ScopeKind::BillingAccount => "billing-account",
        };
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let id = if scope.id.bytes().all(bare) { scope.id.clone() } else { shell(&scope.id) };
        command.push_str(&format!(" --{flag}={id}"));
    }
    if !bounded {
        command.push_str(&format!(" --freshness={DAYS}d"));
    }
    command.push_str(" --format=json");
    command
}

/// A text as one word of a POSIX shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A link that opens the filter in the Logs Explorer. `period` is its first moment and the first one after it, in RFC 3339.
/// `bounded` says whether the filter bounds the time itself.
///
/// # Errors
/// When there is no such link that works.
pub fn url(text: &str, scope: Option<&Scope>, period: Option<(&str, &str)>, bounded: bool) -> Result<String, NoLink> {
    let mut link = format!("https://console.cloud.google.com/logs/query;query={}", percent(text));
    match period {
        Some((from, to)) => link.push_str(&format!(";timeRange={}%2F{}", percent(from), percent(to))),
        None if bounded => {}
        None => link.push_str(&format!(";duration=P{DAYS}D")),
    }
    if let Some(scope) = scope {
        let parameter = match scope.kind {
            ScopeKind::Project => "project",
            ScopeKind::Folder => "folder",
            ScopeKind::Organization => "organizationId",
            ScopeKind::BillingAccount => return Err(NoLink::BillingAccount),
        };
        link.push_str(&format!("?{parameter}={}", percent(&scope.id)));
    }
    if link.len() > LONGEST_LINK { Err(NoLink::TooLong(link.len())) } else { Ok(link) }
}

/// The text with everything encoded but the unreserved characters of RFC 3986.
fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// A Terraform block of a sink with this filter, called `name`. Its destination is a variable.
pub fn terraform(text: &str, scope: Option<&Scope>, name: &str) -> String {
    let owner = |key: &str, value: &str| vec![(key.to_owned(), hcl(value))];
    let children = || ("include_children".to_owned(), "true".to_owned());
    let (kind, mut lines) = match scope {
        None => ("project", Vec::new()),
        Some(Scope { kind: ScopeKind::Project, id }) => ("project", owner("project", id)),
        Some(Scope { kind: ScopeKind::Folder, id }) => {
            ("folder", [owner("folder", &format!("folders/{id}")), vec![children()]].concat())
        }
        Some(Scope { kind: ScopeKind::Organization, id }) => {
            ("organization", [owner("org_id", id), vec![children()]].concat())
        }
        Some(Scope { kind: ScopeKind::BillingAccount, id }) => ("billing_account", owner("billing_account", id)),
    };
    lines.insert(0, ("name".to_owned(), hcl(&name.replace('_', "-"))));
    lines.push(("destination".to_owned(), "var.billtrail_destination".to_owned()));
    lines.push(("filter".to_owned(), hcl(text)));
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let body: String = lines.iter().map(|(key, value)| format!("  {key:width$} = {value}\n")).collect();
    format!("resource \"google_logging_{kind}_sink\" \"{name}\" {{\n{body}}}")
}

/// A text as a quoted template of HCL that stands for itself.
fn hcl(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Doubled, it begins no interpolation.
            '$' | '%' if next == Some('{') => quoted.extend([letter, letter]),
            // Before its like it could be taken for the first of such a pair.
            '$' | '%' if next == Some(letter) => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// The body of a call to `entries.list`.
pub fn api(text: &str, scope: &Scope) -> String {
    let body = json!({"resourceNames": [scope.name()], "filter": text, "orderBy": "timestamp desc", "pageSize": 1000});
    format!("{body:#}")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a", "\"", "'", "\\", "\n", "\r", "\t", "$", "${", "$${", "%", "%{", "{", "}", "`", "$(id)", "!", "#", "é",
            "😀", " ", "\u{202e}", "\u{1b}", "%41", "\\u0041", "--", ";", "&",
        ]);
        prop_oneof![
            3 => prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
            1 => any::<String>().prop_map(|text| text.replace('\0', "")),
        ]
    }

    fn scope() -> impl Strategy<Value = Scope> {
        let kind = prop::sample::select(ScopeKind::ALL.to_vec());
        let id = hostile().prop_map(|id| format!("p{}", id.replace('/', "")));
        (kind, id).prop_map(|(kind, id)| Scope { kind, id })
    }

    /// The words that a real shell gives a command called `gcloud`.
    fn words(command: &str) -> Vec<String> {
        let script = format!("gcloud() {{ printf '%s\\0' \"$@\"; }}\n{command}");
        let output = Command::new("sh").arg("-c").arg(script).output().expect("a shell");
        assert!(output.status.success() && output.stderr.is_empty(), "{command}: {output:?}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    fn decoded(text: &str) -> String {
        let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
        while let [first, after @ ..] = rest {
            if *first == b'%' {
                let digits = std::str::from_utf8(&after[..2]).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
                rest = &after[2..];
            } else {
                assert!(first.is_ascii_alphanumeric() || b"-._~".contains(first), "{text}");
                bytes.push(*first);
                rest = after;
            }
        }
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// What HCL makes of the template that begins a text; interpolation fails the test.
    fn template(text: &str) -> (String, &str) {
        let mut rest = text.strip_prefix('"').expect("a quote");
        let mut value = String::new();
        loop {
            let mut letters = rest.chars();
            match letters.next().expect("a closing quote") {
                '"' => return (value, letters.as_str()),
                '\\' => match letters.next().expect("an escape") {
                    'n' => value.push('\n'),
                    'r' => value.push('\r'),
                    't' => value.push('\t'),
                    'u' => {
                        let (digits, after) = letters.as_str().split_at(4);
                        value.extend(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32));
                        letters = after.chars();
                    }
                    letter @ ('"' | '\\') => value.push(letter),
                    letter => panic!("HCL knows no escape {letter}"),
                },
                letter @ ('$' | '%') => {
                    let pair = [letter, letter, '{'].iter().collect::<String>();
                    if let Some(after) = rest.strip_prefix(&pair) {
                        value.extend([letter, '{']);
                        letters = after.chars();
                    } else {
                        assert!(!letters.as_str().starts_with(['{', letter]), "an interpolation: {text}");
                        value.push(letter);
                    }
                }
                letter => {
                    assert!(!letter.is_control(), "{text}");
                    value.push(letter);
                }
            }
            rest = letters.as_str();
        }
    }

    #[test]
    fn a_scope_is_a_kind_and_an_id() {
        for text in ["projects/p", "folders/1", "organizations/2", "billingAccounts/0-A-0"] {
            assert_eq!(Scope::parse(text).map(|scope| scope.name()).as_deref(), Some(text));
        }
        for text in ["", "p", "projects/", "project/p", "projects/p/logs", "/p"] {
            assert_eq!(Scope::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_command_reads_far_back_unless_the_filter_bounds_the_time() {
        let scope = Scope::parse("projects/ads-prod");
        let command = gcloud("a=\"it's\"", scope.as_ref(), false);
        assert_eq!(command, "gcloud logging read 'a=\"it'\\''s\"' --project=ads-prod --freshness=30d --format=json");
        assert_eq!(gcloud("a", None, true), "gcloud logging read 'a' --format=json");
    }

    #[test]
    fn a_link_names_scope_and_period() {
        let link = |scope: &str, period| url("a=\"b c\"", Scope::parse(scope).as_ref(), period, true);
        let period = Some(("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"));
        assert_eq!(
            link("projects/ads-prod", period).expect("a link"),
            "https://console.cloud.google.com/logs/query;query=a%3D%22b%20c%22\
             ;timeRange=2026-10-01T00%3A00%3A00Z%2F2026-11-01T00%3A00%3A00Z?project=ads-prod"
        );
        assert!(link("folders/7", None).expect("a link").ends_with("%22?folder=7"));
        assert!(link("organizations/7", None).expect("a link").ends_with("?organizationId=7"));
        assert_eq!(link("billingAccounts/7", None), Err(NoLink::BillingAccount));
        assert!(matches!(url(&"é".repeat(1400), None, None, false), Err(NoLink::TooLong(8_001..))));
    }

    #[test]
    fn a_sink_belongs_to_its_scope() {
        let sink = |scope: &str| terraform("a", Scope::parse(scope).as_ref(), "billtrail_1");
        assert_eq!(
            sink("organizations/7"),
            "resource \"google_logging_organization_sink\" \"billtrail_1\" {\n  name             = \"billtrail-1\"\n  \
             org_id           = \"7\"\n  include_children = true\n  destination      = var.billtrail_destination\n  \
             filter           = \"a\"\n}"
        );
        assert!(sink("folders/7").contains("folder           = \"folders/7\""));
        assert!(sink("billingAccounts/7").starts_with("resource \"google_logging_billing_account_sink\""));
        assert!(sink("projects/ads-prod").contains("project     = \"ads-prod\""));
    }

    #[test]
    fn a_dollar_before_an_interpolation_stays_one_dollar() {
        assert_eq!(hcl("${a} $${b} %{c} $d $ 5%"), "\"$${a} \\u0024$${b} %%{c} $d $ 5%\"");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_shell_gives_back_the_filter_and_the_scope(text in hostile(), scope in scope()) {
            let words = words(&gcloud(&text, Some(&scope), false));
            prop_assert_eq!(&words[..2], ["logging", "read"]);
            prop_assert_eq!(&words[2], &text);
            let (_, id) = words[3].split_once('=').expect("a flag");
            prop_assert_eq!(id, &scope.id);
            prop_assert_eq!(&words[4..], ["--freshness=30d", "--format=json"]);
        }
    }

    proptest! {
        #[test]
        fn a_link_decodes_to_the_filter_and_the_scope(text in hostile(), scope in scope()) {
            prop_assume!(scope.kind != ScopeKind::BillingAccount);
            let link = url(&text, Some(&scope), Some(("2026-10-01T00:00:00+02:00", "b")), true).expect("a link");
            let query = link.strip_prefix("https://console.cloud.google.com/logs/query;query=").expect("a query");
            let (query, rest) = query.split_once(";timeRange=").expect("a period");
            let (range, owner) = rest.split_once('?').expect("a scope");
            prop_assert_eq!(decoded(query), text);
            prop_assert_eq!(decoded(range), "2026-10-01T00:00:00+02:00/b");
            prop_assert_eq!(decoded(owner.split_once('=').expect("a value").1), scope.id);
        }

        #[test]
        fn terraform_reads_the_filter_and_the_scope_back(text in hostile(), scope in scope()) {
            let block = terraform(&text, Some(&scope), "billtrail");
            let (_, filter) = block.split_once("  filter ").expect("a filter");
            let (value, rest) = template(filter.trim_start_matches([' ', '=']));
            prop_assert_eq!(value, text);
            prop_assert_eq!(rest, "\n}");
            let owner = block.lines().nth(2).expect("a scope").split_once(" = ").expect("a value").1;
            let owned = template(owner).0;
            prop_assert_eq!(owned.strip_prefix("folders/").unwrap_or(&owned), &scope.id);
        }

        #[test]
        fn the_body_of_a_call_holds_filter_and_scope(text in hostile(), scope in scope()) {
            let body: Value = serde_json::from_str(&api(&text, &scope)).expect("JSON");
            prop_assert_eq!(&body["filter"], &text);
            prop_assert_eq!(&body["resourceNames"][0], &scope.name());
        }
    }
}
