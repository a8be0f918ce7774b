//! Who is believed in a TLS handshake for SIP, as the TLS library asks it. A trunk's terms are judged in `protocol`; here is the way
//! there and back.

use std::{io, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use crate::{
    protocol::{certificate::Anchors, sip::CertificateTerms},
    types::{CertificateProblem, Timestamp},
};

fn algorithms() -> WebPkiSupportedAlgorithms {
    ring::default_provider().signature_verification_algorithms
}

/// Asks whoever calls for a certificate, and takes any whose key is proven, or none: which trunk it makes of the caller is decided
/// where trunks are known.
#[derive(Debug)]
pub(super) struct AnyCertificate;

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        algorithms().supported_schemes()
    }
}

/// Believes the other side of one trunk.
#[derive(Debug)]
pub(super) struct TrunksCertificate {
    pub(super) terms: Arc<CertificateTerms>,
    pub(super) well_known: Arc<Anchors>,
}

impl ServerCertVerifier for TrunksCertificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<CertificateDer<'_>> = std::iter::once(end_entity).chain(intermediates).cloned().collect();
        let now = Timestamp::from_millis(i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000));
        match self.terms.check(&chain, &self.well_known, now) {
            Ok(_) => Ok(ServerCertVerified::assertion()),
            Err(problem) => Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(problem))))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        algorithms().supported_schemes()
    }
}

/// What was wrong with a certificate, if that is why a connection of ours failed.
pub(super) fn problem_of(error: &io::Error) -> Option<CertificateProblem> {
    let inner = error.get_ref()?;
    if let Some(problem) = inner.downcast_ref::<CertificateProblem>() {
        return Some(*problem);
    }
    match inner.downcast_ref::<Error>()? {
        Error::InvalidCertificate(wrong) => Some(match wrong {
            CertificateError::Other(OtherError(inner)) => {
                inner.downcast_ref().copied().unwrap_or(CertificateProblem::Unreadable)
            }
            CertificateError::UnknownIssuer => CertificateProblem::UnknownAuthority,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateProblem::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                CertificateProblem::OtherName
            }
            _ => CertificateProblem::Unreadable,
        }),
        Error::NoCertificatesPresented => Some(CertificateProblem::Missing),
        Error::AlertReceived(
            AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired,
        ) => Some(CertificateProblem::OursRefused),
        _ => None,
    }
}
