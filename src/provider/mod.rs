//! Providers: the closed list of clouds whose logs are understood, and the one door through which other rooms reach them.

use std::borrow::Cow;

use crate::gcp;
use crate::gcp::inventory::{self, InventoryError};
use crate::gcp::project_ref::{GOOGLE_SDK_PROJECTS, is_tenant_project};
use crate::gcp::service::Catalogue;
use crate::model::cost::{BillNames, Sharing};
use crate::model::directory::{Directory, Entry};
use crate::model::observation::Source;
use crate::model::payer::{Namespace, Payer};
use crate::model::reason::PayerReason;

pub use crate::gcp::bill as google_bill;
pub use crate::gcp::decode::{Decoded, LineRead, LineReader};
pub use crate::gcp::identity_text;
pub use crate::gcp::inventory::ancestry;
pub use crate::gcp::scan::{ScanCounts, Scanner};
pub use crate::gcp::service::CATALOGUE_DATE;
pub use crate::gcp::service_csv::CatalogueError;
pub use crate::gcp::verdicts::SharedVerdicts;

/// A cloud whose logs are understood, with what is known of its services.
#[derive(Debug, Clone)]
pub enum Provider {
    /// Google Cloud: Cloud Audit Logs.
    GoogleCloud(Catalogue),
}

/// The text of the built-in catalogue: what entries are judged by, together with the user's rows.
pub const CATALOGUE: &str = gcp::service::BUILT_IN_ROWS;

impl Provider {
    /// Google Cloud with the built-in catalogue, and the user's rows over it if there are any.
    ///
    /// # Errors
    /// When the user's rows are not valid; names file and line.
    pub fn google_cloud(overrides: Option<(&str, &str)>) -> Result<Self, CatalogueError> {
        let catalogue = Catalogue::built_in().clone();
        Ok(Self::GoogleCloud(match overrides {
            Some((file, text)) => catalogue.with_overrides(file, text)?,
            None => catalogue,
        }))
    }

    /// Decodes one record.
    pub fn decode(&self, record: &[u8], source: Source) -> Decoded {
        match self {
            Self::GoogleCloud(catalogue) => gcp::decode::decode(record, source, catalogue),
        }
    }

    /// Decodes one record, and gives the entry in canonical form that was judged, so that nobody reads it twice, and who
    /// read the record.
    pub fn decode_with_entry<'r>(
        &self,
        record: &'r [u8],
        source: Source,
        scanner: Scanner,
    ) -> (Decoded, Cow<'r, [u8]>, Scanner) {
        match self {
            Self::GoogleCloud(catalogue) => gcp::decode::decode_with_entry(record, source, catalogue, scanner),
        }
    }

    /// The same for a line, if the fast scanner vouches that it is one record and nothing else. What is like an entry whose
    /// verdict is remembered is not judged again; the reader is of this provider.
    pub fn decode_line<'r>(&self, line: &'r [u8], source: Source, reader: &mut LineReader) -> Option<LineRead<'r>> {
        match self {
            Self::GoogleCloud(catalogue) => gcp::decode::decode_line(line, source, catalogue, reader),
        }
    }

    /// The entry of a record in canonical form, whatever its shape; `None` when it is no readable object.
    pub fn canonical(&self, record: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::GoogleCloud(_) => gcp::decode::canonical(record),
        }
    }

    /// A record without white space between its tokens.
    pub fn minified(&self, record: &[u8]) -> Vec<u8> {
        match self {
            Self::GoogleCloud(_) => gcp::call_identity::minified(record),
        }
    }

    /// What is known of the services.
    pub fn catalogue(&self) -> &Catalogue {
        match self {
            Self::GoogleCloud(catalogue) => catalogue,
        }
    }

    /// What bills call the services.
    pub fn bill_names(&self) -> BillNames {
        match self {
            Self::GoogleCloud(catalogue) => gcp::bill_sharing::names(catalogue),
        }
    }

    /// By what the cost of a service and a SKU, as the bill names them, may be shared among the callers of its project.
    pub fn sharing(&self, names: &BillNames, service: &str, sku: &str) -> Sharing {
        match self {
            Self::GoogleCloud(catalogue) => gcp::bill_sharing::sharing(catalogue, names, service, sku),
        }
    }

    /// What a service is for, by the bill's name of it, and more closely, in the words of FOCUS.
    pub fn service_category(&self, service: &str) -> Option<(&'static str, &'static str)> {
        match self {
            Self::GoogleCloud(_) => gcp::bill_category::category(service),
        }
    }

    /// Puts the inventories of a user together. Each is a file's name and bytes.
    ///
    /// # Errors
    /// When a file is no inventory, or files contradict each other; names the places.
    pub fn directory(&self, files: &[(String, Vec<u8>)]) -> Result<Directory, InventoryError> {
        let mut listings = Vec::new();
        for (name, bytes) in files {
            listings.extend(inventory::read(name, bytes)?);
        }
        let entries: Vec<Entry> = inventory::combine(listings)?;
        let mut directory = Directory::default();
        for entry in entries {
            directory.add(entry);
        }
        Ok(directory)
    }
}

/// What a provider knows of a payer beyond its name.
pub fn special(payer: &Payer) -> Option<PayerReason> {
    match payer.namespace {
        Namespace::GcpProject => {
            if payer.number.is_some_and(|number| GOOGLE_SDK_PROJECTS.contains(&number)) {
                Some(PayerReason::GoogleSdkProject)
            } else if payer.id.as_deref().is_some_and(is_tenant_project) {
                Some(PayerReason::TenantProject)
            } else {
                None
            }
        }
    }
}
