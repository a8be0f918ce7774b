//! Whose certificates outside systems may show.

use std::{fs, io, path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::protocol::certificate::Anchors;

/// Trusts what browsers trust, and the certificates in the file `trusted` besides.
pub(in crate::net) fn connector(trusted: Option<&Path>) -> io::Result<TlsConnector> {
    let mut anchors = Anchors::well_known();
    if let Some(file) = trusted {
        anchors = anchors.and(Anchors::read(&fs::read(file)?).map_err(io::Error::other)?);
    }
    // Without a database or HTTPS nobody has chosen a provider yet; a second choice changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = RootCertStore { roots: anchors.as_slice().to_vec() };
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
