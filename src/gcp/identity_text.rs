//! Identities within other texts: addresses, principal identifiers and accounts of clusters, wherever they stand. What kind of
//! identity a text is, is told by [`super::identity`].

use std::ops::Range;

use super::identity::{IdentityKind, kind_of};

/// How identifiers of pools begin.
const POOLS: [&str; 2] = ["principal://", "principalSet://"];
/// How accounts of a cluster begin.
const CLUSTER: &str = "system:";
/// Between pool and account of a workload in a cluster.
const WORKLOAD: &str = ".svc.id.goog[";
/// The signs of an address: as it is, and as it stands in a URL.
const AT: [&str; 2] = ["@", "%40"];
/// What may stand before an identity and does not tell one from another.
const PREFIXES: [&str; 5] = ["user:", "serviceAccount:", "group:", "domain:", "deleted:"];

/// Where identities stand in a text, in order; they do not overlap.
pub fn identities(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(place) = first(text, from) {
        from = place.end;
        found.push(place);
    }
    found
}

/// The part of a principal that identifies it: without what says its type, and without the id of a deleted account.
pub fn identifying(principal: &str) -> Range<usize> {
    let mut from = 0;
    while let Some(prefix) = PREFIXES.iter().find(|prefix| principal[from..].starts_with(**prefix)) {
        from += prefix.len();
    }
    let end = principal[from..].rfind("?uid=").map_or(principal.len(), |at| from + at);
    from..end
}

/// The kind of an identity in a word; `None` for what stands where an identity is withheld.
pub fn word(identity: &str) -> Option<&'static str> {
    let bare = identity.trim_matches(|c: char| c.is_ascii_punctuation() || c == '…');
    if bare.is_empty() || bare.eq_ignore_ascii_case("redacted") {
        return None;
    }
    Some(match kind_of(identity) {
        IdentityKind::User | IdentityKind::Redacted => "user",
        IdentityKind::ServiceAccount
        | IdentityKind::AppEngineDefault
        | IdentityKind::ComputeDefault
        | IdentityKind::CloudBuild => "service-account",
        IdentityKind::ServiceAgent | IdentityKind::GoogleApisAgent => "service-agent",
        IdentityKind::WorkloadIdentity => "workload",
        IdentityKind::Workforce => "workforce",
        IdentityKind::Kubernetes => "kubernetes",
        IdentityKind::GoogleSystem => "google-system",
        IdentityKind::Unknown => "principal",
    })
}

/// The first identity that begins at or after a place.
fn first(text: &str, from: usize) -> Option<Range<usize>> {
    let pools = POOLS.iter().filter_map(|pool| pool_identity(text, from, pool));
    let others = [cluster_identity(text, from), workload_identity(text, from), address(text, from)];
    pools.chain(others.into_iter().flatten()).min_by_key(|place| (place.start, std::cmp::Reverse(place.end)))
}

/// Places of a needle from a place on.
fn places<'t>(text: &'t str, from: usize, needle: &'t str) -> impl Iterator<Item = usize> + 't {
    text[from..].match_indices(needle).map(move |(at, _)| from + at)
}

/// The end of the characters from a place on that belong to a word.
fn end_of(text: &str, from: usize, belongs: impl Fn(char) -> bool) -> usize {
    text[from..].find(|c| !belongs(c)).map_or(text.len(), |at| from + at)
}

fn pool_identity(text: &str, from: usize, pool: &str) -> Option<Range<usize>> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'`,;()[]{}<>\\".contains(c);
    places(text, from, pool).find_map(|at| {
        let end = end_of(text, at + pool.len(), |c| !ends(c));
        (end > at + pool.len()).then_some(at..end)
    })
}

fn cluster_identity(text: &str, from: usize) -> Option<Range<usize>> {
    places(text, from, CLUSTER).find_map(|at| {
        let begins = text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '.');
        let end = end_of(text, at + CLUSTER.len(), |c| c.is_alphanumeric() || "-._:".contains(c));
        (begins && end > at + CLUSTER.len()).then_some(at..end)
    })
}

fn workload_identity(text: &str, from: usize) -> Option<Range<usize>> {
    places(text, from, WORKLOAD).find_map(|at| {
        let end = at + WORKLOAD.len() + text[at + WORKLOAD.len()..].find(']')? + 1;
        let begin = text[from..at].rfind(|c: char| !c.is_ascii_alphanumeric() && !"-.:".contains(c));
        let begin =
            begin.map_or(from, |before| from + before + text[from + before..].chars().next().map_or(1, char::len_utf8));
        // `serviceAccount:` before it tells its type.
        let typed = identifying(&text[begin..end]);
        (begin + typed.start < at).then_some(begin + typed.start..end)
    })
}

/// An address. Its domain has a dot and ends in letters: `model@20251001` is none, nor is a pattern without a name.
fn address(text: &str, from: usize) -> Option<Range<usize>> {
    let signs = AT.iter().flat_map(|sign| places(text, from, sign).map(move |at| (at, sign.len())));
    let address = |(at, sign): (usize, usize)| {
        let begin = local_begin(text, from, at);
        let local = &text[begin..at];
        let domain_end = end_of(text, at + sign, |c| c.is_alphanumeric() || "-.*".contains(c));
        let domain = text[at + sign..domain_end].trim_end_matches(['.', '-']);
        let (_, last) = domain.rsplit_once('.')?;
        let last_is_one =
            last.chars().count() >= 2 && (last.starts_with("xn--") || last.chars().all(char::is_alphabetic));
        let named = local.chars().any(char::is_alphanumeric);
        (named && last_is_one).then_some(begin..at + sign + domain.len())
    };
    signs.filter_map(address).min_by_key(|place| place.start)
}

/// Where the part of an address before its sign begins.
fn local_begin(text: &str, from: usize, at: usize) -> usize {
    let mut begin = at;
    for (place, c) in text[from..at].char_indices().rev() {
        // An apostrophe within a name belongs to it, a quotation mark does not.
        let within = c == '\'' && begin < at && text[from..from + place].ends_with(char::is_alphanumeric);
        if !(c.is_alphanumeric() || "._%+-*?!#$&^{|}~".contains(c) || within) {
            break;
        }
        begin = from + place;
    }
    begin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        identities(text).into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        for (text, wanted) in [
            ("jo@example.com", vec!["jo@example.com"]),
            (
                "projects/-/serviceAccounts/etl@ads-prod.iam.gserviceaccount.com/keys/1",
                vec!["etl@ads-prod.iam.gserviceaccount.com"],
            ),
            ("serviceAccount:a@b.example.com,user:c.d+e@example.org.", vec!["a@b.example.com", "c.d+e@example.org"]),
            ("{\"owner\":\"miles.o'brien@example.com\"}", vec!["miles.o'brien@example.com"]),
            ("'jo@example.com'", vec!["jo@example.com"]),
            ("?user=jo%40example.com&x", vec!["jo%40example.com"]),
            ("principal `ana*@example.com`", vec!["ana*@example.com"]),
            ("zoë@bücher.example", vec!["zoë@bücher.example"]),
            ("models/claude-haiku-4-5@20251001", vec![]),
            ("image@sha256:0011", vec![]),
            ("`*@example.com`, @example.com, a@, a@b", vec![]),
        ] {
            assert_eq!(found(text), wanted, "{text}");
        }
    }

    #[test]
    fn identifiers_and_accounts_of_clusters_are_found() {
        let pool = "principal://iam.googleapis.com/locations/global/workforcePools/p/subject/jo@example.com";
        for (text, wanted) in [
            (format!("by {pool}, then"), vec![pool]),
            ("serviceAccount:ads-prod.svc.id.goog[ns/ksa]".to_owned(), vec!["ads-prod.svc.id.goog[ns/ksa]"]),
            ("user=system:serviceaccount:shop:cart;".to_owned(), vec!["system:serviceaccount:shop:cart"]),
            ("ecosystem:x, filesystem: y, system:".to_owned(), vec![]),
            ("principal://".to_owned(), vec![]),
        ] {
            assert_eq!(found(&text), wanted, "{text}");
        }
    }

    #[test]
    fn what_says_the_type_does_not_identify() {
        for (text, wanted) in [
            ("deleted:serviceAccount:a@b.example.com?uid=123", "a@b.example.com"),
            ("user:jo@example.com", "jo@example.com"),
            ("system:anonymous", "system:anonymous"),
        ] {
            assert_eq!(&text[identifying(text)], wanted);
        }
    }

    #[test]
    fn what_is_withheld_is_no_identity() {
        assert_eq!([word("..."), word("<redacted>"), word("…")], [None; 3]);
        assert_eq!([word("jo...@example.com"), word("jo@example.com")], [Some("user"); 2]);
        assert_eq!(word("service-415104041262@gcp-sa-pubsub.iam.gserviceaccount.com"), Some("service-agent"));
        assert_eq!(word("6f1ed002ab5595859014ebf0951522d9"), Some("principal"));
    }

    proptest::proptest! {
        #[test]
        fn identities_are_apart_and_in_order(text in "(.|@|%40|system:|principal://|a|\\.|x\\.svc\\.id\\.goog\\[|\\]|é){0,30}") {
            let mut last = 0;
            for place in identities(&text) {
                proptest::prop_assert!(place.start >= last && place.end > place.start);
                proptest::prop_assert!(text.is_char_boundary(place.start) && text.is_char_boundary(place.end));
                last = place.end;
            }
        }

        #[test]
        fn an_address_among_others_is_found(before in "[ /\"(:,=]?", local in "[a-z][a-z0-9.+-]{0,8}[a-z]", after in "[ /\")?,]?") {
            let text = format!("{before}{local}@example.com{after}");
            proptest::prop_assert_eq!(found(&text), vec![format!("{local}@example.com")]);
        }
    }
}
