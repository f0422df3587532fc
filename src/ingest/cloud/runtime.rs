//! The threads that talk to the network: few, because they wait most of the time. Made when the first object is named.

use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime of the process.
///
/// # Errors
/// When its threads cannot be started.
pub(super) fn runtime() -> io::Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    // Fails when it is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("network").enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}
