//! Project references: what the text after `projects/` can be. Ids, decimal numbers, hexadecimal numbers, wildcards
//! and text that no project can have. Finding that text in a name is the work of `resource_name`.

use crate::model::payer::PayerRef;

/// Projects of Google's own command-line tools: nobody's payer. The first is the default OAuth client of the Cloud
/// SDK, the second that of `gcloud`.
pub const GOOGLE_SDK_PROJECTS: [u64; 2] = [764_086_051_850, 32_555_940_559];

/// The width of a hexadecimal project number as Google writes it.
const HEX_WIDTH: usize = 16;

/// A project as a log refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProjectRef<'a> {
    /// A project id as written, possibly domain-scoped (`example.com:ads-prod`, also with `%3A` for the colon).
    Id(&'a str),
    /// A project number.
    Number {
        /// The number, from 1 to the greatest `i64`.
        number: u64,
        /// How many hexadecimal digits it was written with; `None` for a decimal number.
        hex_digits: Option<u8>,
    },
    /// `_` or `-`: any project, named elsewhere.
    Wildcard,
    /// A placeholder, or text that no project can have as its id or number.
    Invalid,
}

impl<'a> ProjectRef<'a> {
    /// Says what a token is: the text between `projects/` and the next `/`.
    ///
    /// An id begins with a letter and a number with a digit, so no text can be both: `deadbeefcafe` is an id. A
    /// decimal number has no leading zero; a hexadecimal one is padded with zeros to 16 digits, but fewer are read as
    /// well.
    pub fn parse(token: &'a str) -> Self {
        match token.as_bytes() {
            b"_" | b"-" => Self::Wildcard,
            [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => decimal(token),
            // The domain of a domain-scoped id may begin with a digit; a number has no colon.
            [b'0'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_alphanumeric) => hexadecimal(token),
            _ if is_id(token) => Self::Id(token),
            _ => Self::Invalid,
        }
    }

    /// The reference in the words of the model: ids with a plain colon, numbers whatever they were written as. `None`
    /// for a wildcard and for what is invalid.
    pub fn to_payer_ref(self) -> Option<PayerRef> {
        match self {
            Self::Id(id) => Some(PayerRef::project_id(match split_domain(id) {
                (Some(domain), name) => format!("{domain}:{name}"),
                (None, name) => name.to_owned(),
            })),
            Self::Number { number, .. } => Some(PayerRef::project_number(number)),
            Self::Wildcard | Self::Invalid => None,
        }
    }

    /// Whether this is a hexadecimal number that is not 16 digits wide: a digit may have been lost on the way.
    pub fn has_unusual_width(self) -> bool {
        match self {
            Self::Number { hex_digits: Some(digits), .. } => usize::from(digits) != HEX_WIDTH,
            Self::Number { hex_digits: None, .. } | Self::Id(_) | Self::Wildcard | Self::Invalid => false,
        }
    }
}

/// Whether an id is one that Google gives to the projects it runs for a managed service (`…-tp`, `tp-` and eight
/// letters or digits). Such an id can be a customer's as well, so a mapping that lists it knows better.
pub fn is_tenant_project(id: &str) -> bool {
    id.ends_with("-tp")
        || id.strip_prefix("tp-").is_some_and(|rest| rest.len() == 8 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn decimal(token: &str) -> ProjectRef<'_> {
    match token.parse::<i64>() {
        Ok(number) => ProjectRef::Number { number: number.unsigned_abs(), hex_digits: None },
        Err(_) => ProjectRef::Invalid,
    }
}

fn hexadecimal(token: &str) -> ProjectRef<'_> {
    if token.len() > HEX_WIDTH {
        return ProjectRef::Invalid;
    }
    // Pairs of digits can only be decoded from an even number of them.
    let padded = format!("{token:0>HEX_WIDTH$}");
    let mut bytes = [0; HEX_WIDTH / 2];
    if hex::decode_to_slice(padded, &mut bytes).is_err() {
        return ProjectRef::Invalid;
    }
    match (i64::from_be_bytes(bytes), u8::try_from(token.len())) {
        (number @ 1.., Ok(digits)) => ProjectRef::Number { number: number.unsigned_abs(), hex_digits: Some(digits) },
        _ => ProjectRef::Invalid,
    }
}

/// The domain and the name of an id; most ids have no domain.
fn split_domain(id: &str) -> (Option<&str>, &str) {
    // Asked of nearly every field that names a project, and nearly always in vain.
    if !id.bytes().any(|byte| matches!(byte, b':' | b'%')) {
        return (None, id);
    }
    match id.split_once(':').or_else(|| id.split_once("%3A")).or_else(|| id.split_once("%3a")) {
        Some((domain, name)) => (Some(domain), name),
        None => (None, id),
    }
}

/// `^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`
fn is_id(token: &str) -> bool {
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (domain, name) = split_domain(token);
    let name = name.as_bytes();
    domain.is_none_or(|domain| !domain.is_empty() && domain.bytes().all(|b| lower(b) || b == b'.' || b == b'-'))
        && (6..=30).contains(&name.len())
        && name.first().is_some_and(u8::is_ascii_lowercase)
        && name.last().is_some_and(|b| lower(*b))
        && name.iter().all(|b| lower(*b) || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(number: u64, digits: u8) -> ProjectRef<'static> {
        ProjectRef::Number { number, hex_digits: Some(digits) }
    }

    fn dec(number: u64) -> ProjectRef<'static> {
        ProjectRef::Number { number, hex_digits: None }
    }

    #[test]
    fn the_test_vectors_hold() {
        assert_eq!(ProjectRef::parse("00000011308f6a1a"), hex(73_829_149_210, 16));
        assert_eq!(ProjectRef::parse("0000004d9813b13"), hex(20_828_994_323, 15));
        assert_eq!(ProjectRef::parse("00000000aaaaaaaa"), hex(2_863_311_530, 16));
        assert_eq!(ProjectRef::parse("000000b1e713e40a"), hex(GOOGLE_SDK_PROJECTS[0], 16));
        assert_eq!(ProjectRef::parse("00000007947c3acf"), hex(32_555_940_559, 16));
        assert_eq!(ProjectRef::parse("00000060a621012e"), hex(415_104_041_262, 16));
        assert_eq!(ProjectRef::parse("402564488059"), dec(402_564_488_059));
        assert_eq!(ProjectRef::parse("deadbeefcafe"), ProjectRef::Id("deadbeefcafe"));
        assert_eq!(ProjectRef::parse("0000000000000000"), ProjectRef::Invalid);
        assert_eq!(ProjectRef::parse("0000007313297521"), hex(494_242_723_105, 16));
    }

    #[test]
    fn a_lost_digit_shows_in_the_width() {
        assert!(ProjectRef::parse("0000004d9813b13").has_unusual_width());
        assert!(ProjectRef::parse("4d9813b13").has_unusual_width());
        assert!(!ProjectRef::parse("00000004d9813b13").has_unusual_width());
        assert!(!ProjectRef::parse("20828994323").has_unusual_width());
    }

    #[test]
    fn upper_case_digits_are_digits() {
        assert_eq!(ProjectRef::parse("00000011308F6A1A"), hex(73_829_149_210, 16));
    }

    #[test]
    fn wildcards_name_no_project() {
        for token in ["_", "-"] {
            assert_eq!(ProjectRef::parse(token), ProjectRef::Wildcard);
            assert_eq!(ProjectRef::parse(token).to_payer_ref(), None);
        }
    }

    #[test]
    fn an_escaped_colon_is_a_colon() {
        let expected = Some(PayerRef::project_id("example.com:ads-prod"));
        for token in ["example.com:ads-prod", "example.com%3Aads-prod", "example.com%3aads-prod"] {
            assert_eq!(ProjectRef::parse(token).to_payer_ref(), expected, "{token}");
        }
        assert_eq!(ProjectRef::parse("1.example.com:ads-prod"), ProjectRef::Id("1.example.com:ads-prod"));
    }

    #[test]
    fn placeholders_and_impossible_ids_are_invalid() {
        let tokens = [
            "",
            " ",
            "...",
            "MY_PROJECT",
            "<PROJECT>",
            "{project}",
            "[PROJECT_ID]",
            "my_project",
            "ads-p",
            "ads-prod-",
            "-ads-prod",
            "Ads-Prod",
            "1ads-prod",
            "12ghijkl",
            "12ab-cd",
            "0",
            "0x4d98",
            "+4711",
            "-4711",
            "ads prod",
            "ads-prod\0",
            ":ads-prod",
            "example.com:",
            "a:b:ads-prod",
            "example.com:12345678",
            "prodé-ads",
            "a123456789012345678901234567890",
            "00000000011308f6a1a",
        ];
        for token in tokens {
            assert_eq!(ProjectRef::parse(token), ProjectRef::Invalid, "{token}");
        }
    }

    #[test]
    fn ids_have_6_to_30_characters() {
        for token in ["ads-p1", "a12345678901234567890123456789"] {
            assert_eq!(ProjectRef::parse(token), ProjectRef::Id(token));
        }
    }

    #[test]
    fn numbers_fit_a_signed_integer() {
        assert_eq!(ProjectRef::parse("9223372036854775807"), dec(i64::MAX.unsigned_abs()));
        assert_eq!(ProjectRef::parse("9223372036854775808"), ProjectRef::Invalid);
        assert_eq!(ProjectRef::parse("9fffffffffffffff"), ProjectRef::Invalid);
        assert_eq!(ProjectRef::parse("7fffffffffffffff"), hex(i64::MAX.unsigned_abs(), 16));
    }

    #[test]
    fn tenant_projects_are_known_by_their_ids() {
        assert!(is_tenant_project("tp-0a1b2c3d"));
        assert!(is_tenant_project("u0a1b2c3d4e5f-tp"));
        assert!(!is_tenant_project("tp-of-the-team"));
        assert!(!is_tenant_project("ads-prod"));
    }

    proptest! {
        #[test]
        fn every_text_is_something(token in ".{0,40}") {
            let _ = ProjectRef::parse(&token).to_payer_ref();
        }

        // Beyond 2^60 the padded form has no leading zero and may be a decimal number or begin with a letter.
        #[test]
        fn a_number_reads_the_same_in_both_forms(number in 1_u64..(1 << 60)) {
            let (padded, plain) = (format!("{number:016x}"), number.to_string());
            prop_assert_eq!(ProjectRef::parse(&padded), hex(number, 16));
            prop_assert_eq!(ProjectRef::parse(&plain), dec(number));
        }

        #[test]
        fn an_id_never_reads_as_a_number(id in "([a-z0-9.-]{1,12}:)?[a-f][a-f0-9-]{4,28}[a-f0-9]") {
            prop_assert_eq!(ProjectRef::parse(&id), ProjectRef::Id(&id));
        }
    }
}
