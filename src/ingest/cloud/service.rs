//! The services: clients for buckets, with the settings and credentials that the environment of the process holds in the usual
//! places. Nothing of these is shown.

use std::collections::HashMap;
use std::env;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, resolve_bucket_region};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, HeaderMap, HeaderValue, ObjectStore, Result, RetryConfig,
};

use super::aws_profile::Profile;
use super::trouble::of_settings;
use super::url::Scheme;

const USER_AGENT: &str = concat!("billtrail/", env!("CARGO_PKG_VERSION"));

type Stores = HashMap<(Scheme, String), Arc<dyn ObjectStore>>;
/// Clients are shared: each holds its connections and credentials.
static STORES: Mutex<Option<Stores>> = Mutex::new(None);

/// The client for a bucket.
///
/// # Errors
/// Why there is none, in words without credentials.
pub(super) async fn store(scheme: Scheme, bucket: &str) -> Result<Arc<dyn ObjectStore>, String> {
    let key = (scheme, bucket.to_owned());
    let kept = |stores: &mut Option<Stores>| stores.get_or_insert_default().get(&key).cloned();
    if let Some(store) = kept(&mut STORES.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(store);
    }
    let made: Result<Arc<dyn ObjectStore>> = match scheme {
        Scheme::Gs => google(bucket).build().map(|store| Arc::new(store) as _),
        Scheme::S3 => amazon(bucket).await.build().map(|store| Arc::new(store) as _),
        Scheme::Az => azure(bucket).build().map(|store| Arc::new(store) as _),
    };
    let made = made.map_err(|error| of_settings(&error, scheme))?;
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    stores.get_or_insert_default().insert(key, Arc::clone(&made));
    Ok(made)
}

/// How often a request is repeated that is refused for a time (429, 5xx) or does not get through, and with what pauses.
fn retries() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(10), base: 2.0 };
    RetryConfig { backoff, max_retries: 8, retry_timeout: Duration::from_secs(120) }
}

fn google(bucket: &str) -> GoogleCloudStorageBuilder {
    // Objects that are stored compressed come as they are stored, with ranges; without this they are sent decompressed, and whole.
    let mut headers = HeaderMap::new();
    headers.insert("accept-encoding", HeaderValue::from_static("gzip"));
    if let Some(project) = set("GOOGLE_CLOUD_QUOTA_PROJECT").and_then(|project| HeaderValue::from_str(&project).ok()) {
        headers.insert("x-goog-user-project", project);
    }
    let mut options = ClientOptions::new().with_allow_http(true).with_default_headers(headers);
    for (name, value) in env::vars() {
        let key =
            name.strip_prefix("GOOGLE_").and_then(|name| name.to_ascii_lowercase().parse::<ClientConfigKey>().ok());
        if let Some(key) = key {
            options = options.with_config(key, value);
        }
    }
    let options = options.with_config(ClientConfigKey::UserAgent, USER_AGENT);
    let builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retries())
        .with_client_options(options);
    match set("STORAGE_EMULATOR_HOST") {
        Some(host) if host.contains("://") => {
            builder.with_base_url(host.trim_end_matches('/')).with_skip_signature(true)
        }
        Some(host) => builder.with_base_url(&format!("http://{host}")).with_skip_signature(true),
        None => builder,
    }
}

async fn amazon(bucket: &str) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retries())
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::UserAgent), USER_AGENT);
    let given = |names: &[&str]| names.iter().any(|name| set(name).is_some());
    let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].iter().find_map(|name| set(name));
    if endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    let others = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_SKIP_SIGNATURE",
    ];
    let profile = Profile::of_the_user();
    if let (false, Some(keys)) = (given(&others), &profile.keys) {
        builder = builder.with_access_key_id(&keys.id).with_secret_access_key(&keys.secret);
        if let Some(token) = &keys.token {
            builder = builder.with_token(token);
        }
    }
    if given(&["AWS_REGION", "AWS_DEFAULT_REGION"]) {
        return builder;
    }
    let region = match profile.region {
        Some(region) => Some(region),
        None if endpoint.is_none() => resolve_bucket_region(bucket, &ClientOptions::new()).await.ok(),
        None => None,
    };
    match region {
        Some(region) => builder.with_region(region),
        None => builder,
    }
}

fn azure(container: &str) -> MicrosoftAzureBuilder {
    let builder = MicrosoftAzureBuilder::from_env()
        .with_container_name(container)
        .with_retry(retries())
        .with_config(AzureConfigKey::Client(ClientConfigKey::UserAgent), USER_AGENT);
    let endpoint = ["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"].iter().find_map(|name| set(name));
    let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    if is_plain { builder.with_allow_http(true) } else { builder }
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
