//! The offer of a call in the forms in which it goes out: what is said of keys depends on who can read it.

use std::{fmt, sync::Arc};

use super::notice::{Flow, Transport};
use crate::types::{IpFamily, PerFamily};

/// Our SDP offer, as a place of each family and kind of signalling is to get it; at least one of both is there.
#[derive(Clone, PartialEq, Eq)]
pub struct CallOffer {
    /// Over signalling that others can read; `None` if nothing may be said there.
    pub in_clear: Option<PerFamily<Arc<str>>>,
    /// Over TLS or WSS.
    pub secure: PerFamily<Arc<str>>,
}

impl fmt::Debug for CallOffer {
    /// Without what holds keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOffer").field("in_clear", &self.in_clear).finish_non_exhaustive()
    }
}

impl CallOffer {
    /// As it goes out by this flow; `None` if it may not.
    pub fn by(&self, flow: Flow) -> Option<&Arc<str>> {
        self.over(flow.transport, IpFamily::of(flow.remote.ip()))
    }

    /// Whether it may go out by a flow of this kind.
    pub fn is_for(&self, transport: Transport) -> bool {
        transport.is_secure() || self.in_clear.is_some()
    }

    /// As it goes out by this kind of flow to a place of this family; `None` if it may not.
    pub fn over(&self, transport: Transport, family: IpFamily) -> Option<&Arc<str>> {
        let offers = if transport.is_secure() { Some(&self.secure) } else { self.in_clear.as_ref() };
        offers.map(|offers| offers.of(family))
    }
}

impl<T: Into<Arc<str>>> From<T> for CallOffer {
    /// One for everybody.
    fn from(text: T) -> Self {
        PerFamily::from(text).into()
    }
}

impl From<PerFamily<Arc<str>>> for CallOffer {
    /// One that holds nothing secret.
    fn from(offer: PerFamily<Arc<str>>) -> Self {
        Self { in_clear: Some(offer.clone()), secure: offer }
    }
}
