//! Object storage: `gs://`, `s3://` and `az://` in the place of files. Without the feature `cloud` such a name is refused.
//!
//! What is asynchronous stays in this room: outside an object is a name, a size and a reader that waits.

mod url;

#[cfg(not(any(test, feature = "cloud")))]
mod absent;
#[cfg(any(test, feature = "cloud"))]
mod aws_profile;
#[cfg(any(test, feature = "cloud"))]
mod dates;
#[cfg(any(test, feature = "cloud"))]
mod fetch;
#[cfg(any(test, feature = "cloud"))]
mod listing;
#[cfg(any(test, feature = "cloud"))]
mod object;
#[cfg(any(test, feature = "cloud"))]
mod runtime;
#[cfg(any(test, feature = "cloud"))]
mod service;
#[cfg(any(test, feature = "cloud"))]
mod trouble;
#[cfg(any(test, feature = "cloud"))]
mod walk;

#[cfg(test)]
mod laws;

#[cfg(not(any(test, feature = "cloud")))]
pub use absent::Object;
#[cfg(not(any(test, feature = "cloud")))]
pub(super) use absent::{Opening, list};
#[cfg(any(test, feature = "cloud"))]
pub(super) use listing::list;
#[cfg(any(test, feature = "cloud"))]
pub use object::Object;
#[cfg(any(test, feature = "cloud"))]
pub(super) use object::Opening;
pub use url::ObjectUrl;
