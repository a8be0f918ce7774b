//! What those who watch an account see of an agent who works in the console: there is no telephone whose calls the endpoint would
//! know, so the agent's presence says it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Switch;
use crate::{
    domain::{
        agent::Presence,
        centre::{AgentView, CallView},
        directory::{AgentProfile, Device},
    },
    protocol::sip::{DialogElement, DialogState, SipOrder},
    types::{CallId, Now},
};

impl Switch {
    /// An agent's state has changed.
    pub(super) fn publish_agent(&mut self, view: &AgentView, now: Now) {
        let directory = self.directory.clone();
        let Some(profile) = directory.agents.get(&view.id) else { return };
        let Some(account) = profile.phone.as_deref() else { return };
        let elements = elements_of(profile, &view.presence);
        self.sip.order(SipOrder::Publish { account: account.into(), elements }, now, &mut self.rng);
    }

    /// Which account is whose may have changed: at one that is nobody's now, nobody talks in a console.
    pub(super) fn publish_agents(&mut self, now: Now) {
        let directory = self.directory.clone();
        let agents = self.centre.snapshot().agents;
        let profiles = agents.iter().filter_map(|view| directory.agents.get(&view.id));
        let owned: BTreeSet<&str> = profiles.filter_map(|profile| profile.phone.as_deref()).collect();
        for account in directory.phones.keys().filter(|account| !owned.contains(&***account)) {
            let nothing = SipOrder::Publish { account: account.clone(), elements: Vec::new() };
            self.sip.order(nothing, now, &mut self.rng);
        }
        for view in agents {
            self.publish_agent(&view, now);
        }
    }
}

/// The lamps of the slots in which calls are parked.
#[derive(Debug, Default)]
pub(super) struct SlotLamps(BTreeMap<CallId, Arc<str>>);

impl Switch {
    /// A call has changed: the lamp of a slot goes on while a call is parked there.
    pub(super) fn publish_slot(&mut self, view: &CallView, now: Now) {
        let slot: Option<Arc<str>> = view.parked().map(|parked| parked.number.into());
        let before = match &slot {
            Some(slot) => self.slot_lamps.0.insert(view.id, slot.clone()),
            None => self.slot_lamps.0.remove(&view.id),
        };
        if before == slot {
            return;
        }
        if let Some(account) = before {
            self.sip.order(SipOrder::Publish { account, elements: Vec::new() }, now, &mut self.rng);
        }
        if let Some(account) = slot {
            let id = Arc::from(view.id.to_string());
            let elements = vec![DialogElement { id, names: None, is_initiator: false, state: DialogState::Confirmed }];
            self.sip.order(SipOrder::Publish { account, elements }, now, &mut self.rng);
        }
    }
}

/// The call at which a console rings or talks.
fn elements_of(profile: &AgentProfile, presence: &Presence) -> Vec<DialogElement> {
    let element =
        |call: &CallId, state| vec![DialogElement { id: Arc::from(call.to_string()), names: None, is_initiator: false, state }];
    match (profile.device, presence) {
        (Device::Browser, Presence::Offered { call }) => element(call, DialogState::Early),
        (Device::Browser, Presence::Busy { call }) => element(call, DialogState::Confirmed),
        (Device::Sip, _)
        | (Device::Browser, Presence::Ready | Presence::Paused { .. } | Presence::Offline | Presence::WrappingUp { .. }) => {
            Vec::new()
        }
    }
}
