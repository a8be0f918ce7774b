//! IPv4 and IPv6 side by side: what a node has once for each.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl IpFamily {
    /// The family of an address. An IPv4 address that came in over an IPv6 socket counts as IPv4.
    pub fn of(ip: IpAddr) -> Self {
        if ip.to_canonical().is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

impl fmt::Display for IpFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// One family or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpFamilies {
    /// This one alone.
    Only(IpFamily),
    /// Either.
    Both,
}

impl IpFamilies {
    /// Whether this one is among them.
    pub fn has(self, family: IpFamily) -> bool {
        match self {
            Self::Only(only) => only == family,
            Self::Both => true,
        }
    }

    /// This one if it is among them, else what there is.
    pub fn prefer(self, family: IpFamily) -> Self {
        if self.has(family) { Self::Only(family) } else { self }
    }
}

/// Something that there is once, or once for each family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PerFamily<T> {
    /// One for whatever address a peer has.
    One(T),
    /// One for each family.
    Both {
        /// For peers with an IPv4 address.
        v4: T,
        /// For peers with an IPv6 address.
        v6: T,
    },
}

impl<T> PerFamily<T> {
    /// Of what each family has; `None` if neither has any.
    pub fn from_options(v4: Option<T>, v6: Option<T>) -> Option<Self> {
        match (v4, v6) {
            (Some(v4), Some(v6)) => Some(Self::Both { v4, v6 }),
            (one, other) => one.or(other).map(Self::One),
        }
    }

    /// The one for a peer with an address of this family, or the only one.
    pub fn of(&self, family: IpFamily) -> &T {
        match (self, family) {
            (Self::One(one), _) => one,
            (Self::Both { v4, .. }, IpFamily::V4) => v4,
            (Self::Both { v6, .. }, IpFamily::V6) => v6,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, family: IpFamily) -> &mut T {
        match (self, family) {
            (Self::One(one), _) => one,
            (Self::Both { v4, .. }, IpFamily::V4) => v4,
            (Self::Both { v6, .. }, IpFamily::V6) => v6,
        }
    }

    /// All there are, IPv4 first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (first, second) = match self {
            Self::One(one) => (one, None),
            Self::Both { v4, v6 } => (v4, Some(v6)),
        };
        std::iter::once(first).chain(second)
    }

    /// All there are, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let (first, second) = match self {
            Self::One(one) => (one, None),
            Self::Both { v4, v6 } => (v4, Some(v6)),
        };
        std::iter::once(first).chain(second)
    }

    /// Each made into something else.
    pub fn map<U>(self, make: impl Fn(T) -> U) -> PerFamily<U> {
        match self {
            Self::One(one) => PerFamily::One(make(one)),
            Self::Both { v4, v6 } => PerFamily::Both { v4: make(v4), v6: make(v6) },
        }
    }
}

/// One text for all.
impl<T: Into<Arc<str>>> From<T> for PerFamily<Arc<str>> {
    fn from(text: T) -> Self {
        Self::One(text.into())
    }
}

/// What has an address, and so a family.
pub trait OfFamily {
    /// Which.
    fn family(&self) -> IpFamily;
}

impl OfFamily for IpAddr {
    fn family(&self) -> IpFamily {
        IpFamily::of(*self)
    }
}

impl OfFamily for SocketAddr {
    fn family(&self) -> IpFamily {
        IpFamily::of(self.ip())
    }
}

impl<T: OfFamily> PerFamily<T> {
    /// The first of each family; `None` of nothing.
    pub fn first_of_each(items: impl IntoIterator<Item = T>) -> Option<Self> {
        let (mut v4, mut v6) = (None, None);
        for item in items {
            let place = if item.family() == IpFamily::V4 { &mut v4 } else { &mut v6 };
            place.get_or_insert(item);
        }
        Self::from_options(v4, v6)
    }

    /// Which families there are.
    pub fn families(&self) -> IpFamilies {
        match self {
            Self::One(one) => IpFamilies::Only(one.family()),
            Self::Both { .. } => IpFamilies::Both,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_gets_what_is_of_its_family_or_the_only_one_there_is() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse::<IpAddr>().unwrap()).collect::<Vec<_>>();
        let both = PerFamily::first_of_each(addresses(&["192.0.2.1", "2001:db8::1", "192.0.2.2"])).unwrap();
        assert_eq!(both.of(IpFamily::V4).to_string(), "192.0.2.1");
        assert_eq!(both.of(IpFamily::V6).to_string(), "2001:db8::1");
        let one = PerFamily::first_of_each(addresses(&["2001:db8::1"])).unwrap();
        assert_eq!(
            (one.families(), one.of(IpFamily::V4).to_string().as_str()),
            (IpFamilies::Only(IpFamily::V6), "2001:db8::1")
        );
        assert_eq!(PerFamily::<IpAddr>::first_of_each([]), None);
        assert_eq!(IpFamily::of("::ffff:192.0.2.1".parse().unwrap()), IpFamily::V4);
    }
}
