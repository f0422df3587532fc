//! What went wrong with a service, in words of our own: what a service or a library says may hold credentials.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

use super::url::Scheme;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The object is not the one that was listed.
    Changed,
    /// The object is no more.
    Gone,
    /// A reader may not do this.
    Denied(String),
    /// An answer did not arrive as it was sent; the request is worth another try.
    Broken(&'static str),
    /// Anything else, in words.
    Other(String),
}

impl Trouble {
    /// Finds out what an error means.
    pub fn of(error: &object_store::Error, scheme: Scheme) -> Self {
        for error in chain(error).filter_map(|error| error.downcast_ref::<object_store::Error>()) {
            match error {
                object_store::Error::Precondition { .. } | object_store::Error::NotModified { .. } => {
                    return Self::Changed;
                }
                object_store::Error::InvalidPath { .. } => {
                    return Self::Other("an object's name has an empty part, `.` or `..`".to_owned());
                }
                _ => {}
            }
        }
        let text = error.to_string();
        if lacks_credentials(&text) {
            return Self::Denied(format!("no credentials are found; {}", where_to_put(scheme)));
        }
        if let Some(status) = status(&text) {
            // What hands out tokens for credentials is another service.
            let is_token = ["token request", "AssumeRole", "CreateSession"].iter().any(|sign| text.contains(sign));
            return Self::of_status(if is_token && (400..500).contains(&status) { 401 } else { status }, scheme);
        }
        match error {
            object_store::Error::NotFound { .. } => return Self::Gone,
            object_store::Error::PermissionDenied { .. } => return Self::of_status(403, scheme),
            object_store::Error::Unauthenticated { .. } => return Self::of_status(401, scheme),
            _ => {}
        }
        if text.contains("Received redirect") {
            return Self::of_status(301, scheme);
        }
        let http = chain(error).find_map(|error| error.downcast_ref::<HttpError>());
        match http.map(HttpError::kind) {
            Some(HttpErrorKind::Connect) => Self::Other("no connection to the service".to_owned()),
            Some(HttpErrorKind::Timeout) => Self::Broken("the service does not answer in time"),
            Some(HttpErrorKind::Request | HttpErrorKind::Interrupted) => Self::Broken("the connection breaks off"),
            _ => Self::Broken("the service's answer cannot be understood"),
        }
    }

    fn of_status(status: u16, scheme: Scheme) -> Self {
        match status {
            301 | 307 | 308 if scheme == Scheme::S3 => {
                Self::Other("the bucket is in another region; set AWS_REGION".to_owned())
            }
            401 => Self::Denied(format!("the service does not accept the credentials (401); {}", where_to_put(scheme))),
            403 => Self::Denied("access is denied (403)".to_owned()),
            404 => Self::Gone,
            412 | 416 => Self::Changed,
            429 => Self::Other("the service asks for fewer requests (429), and did not relent".to_owned()),
            500.. => Self::Other(format!("the service fails ({status}), and did so again and again")),
            _ => Self::Other(format!("the service refuses the request ({status})")),
        }
    }

    /// Why a listing or a reading fails, for a reader.
    pub fn words(&self) -> String {
        match self {
            Self::Changed => "was replaced after it was listed".to_owned(),
            Self::Gone => "there is no such bucket or object".to_owned(),
            Self::Broken(why) => (*why).to_owned(),
            Self::Denied(why) | Self::Other(why) => why.clone(),
        }
    }
}

/// An error and those beneath it.
fn chain(error: &object_store::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error| (*error).source())
}

/// The status in an error's text.
fn status(text: &str) -> Option<u16> {
    let (_, after) = text.split_once("status code: ")?;
    after.get(..3)?.parse().ok()
}

/// Whether an error tells of what hands out a machine's credentials, which is asked when there are no others.
fn lacks_credentials(text: &str) -> bool {
    let signs = ["//169.254.", "//metadata.google.internal", "MSI_ENDPOINT", "IDENTITY_ENDPOINT", "get-access-token"];
    signs.iter().any(|sign| text.contains(sign))
}

/// Where credentials are looked for.
pub(super) fn where_to_put(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Gs => "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
        Scheme::S3 => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (`aws configure export-credentials --format env` prints them), or AWS_PROFILE"
        }
        Scheme::Az => {
            "set AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or AZURE_USE_AZURE_CLI=true"
        }
    }
}

/// Why the settings of the environment cannot be used: the head of what the library says, which names the setting; what follows
/// may quote its value.
pub(super) fn of_settings(error: &object_store::Error, scheme: Scheme) -> String {
    let text = match error {
        object_store::Error::Generic { source, .. } => source.to_string(),
        other => other.to_string(),
    };
    let head: String =
        text.split([':', '"', '\'', '`', '=']).next().unwrap_or_default().trim().chars().take(100).collect();
    format!("the credentials and settings of the environment cannot be used ({head}); {}", where_to_put(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: text.to_owned().into() }
    }

    #[test]
    fn what_a_service_says_is_not_repeated() {
        let said = "Error performing GET https://example.com/b?sig=SECRET in 1s - Server returned non-2xx status code: 403 \
Forbidden: <AWSAccessKeyId>SECRET</AWSAccessKeyId>";
        let found = Trouble::of(&generic(said), Scheme::S3);
        assert_eq!(found, Trouble::Denied("access is denied (403)".to_owned()));
        let found = Trouble::of(&generic("token SECRET is bad"), Scheme::Gs).words();
        assert!(!found.contains("SECRET"), "{found}");
        let found = of_settings(&generic("Unable to decode service account file: \"SECRET\""), Scheme::Gs);
        assert!(found.contains("Unable to decode service account file") && !found.contains("SECRET"), "{found}");
    }

    #[test]
    fn a_status_says_what_it_means() {
        let of = |status: u16| Trouble::of(&generic(&format!("x status code: {status} Y: z")), Scheme::S3);
        assert_eq!((of(404), of(412), of(416)), (Trouble::Gone, Trouble::Changed, Trouble::Changed));
        assert!(of(503).words().contains("503") && of(429).words().contains("fewer requests"));
        assert!(of(301).words().contains("AWS_REGION"));
    }

    #[test]
    fn credentials_that_get_no_token_are_not_accepted() {
        let text = "Error performing token request: Error performing POST https://example.com/token in 1s - Server returned \
non-2xx status code: 400 Bad Request: {\"error\":\"invalid_grant\"}";
        let found = Trouble::of(&generic(text), Scheme::Gs).words();
        assert!(found.contains("does not accept the credentials") && found.contains("gcloud auth"), "{found}");
    }

    #[test]
    fn a_precondition_is_found_beneath_other_errors() {
        let inner = object_store::Error::Precondition { path: "a".to_owned(), source: "x".into() };
        let outer = object_store::Error::Generic { store: "S3", source: Box::new(inner) };
        assert_eq!(Trouble::of(&outer, Scheme::S3), Trouble::Changed);
    }

    #[test]
    fn a_machine_without_credentials_says_where_they_go() {
        let text = "Error performing PUT http://169.254.169.254/latest/api/token in 4s";
        assert!(Trouble::of(&generic(text), Scheme::S3).words().contains("AWS_ACCESS_KEY_ID"));
    }
}
