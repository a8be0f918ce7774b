//! A console that is connected may still show nothing: its page hangs. One that tells of each offer it shows is waited for two seconds;
//! then the call goes on to the next agent, and this one is out of rotation until the page is heard of again. Consoles that tell of
//! nothing ring for the whole time.

use super::{Centre, Refusal, Timer, Turn};
use crate::{
    domain::call::{MissCause, Offer},
    types::{AgentId, CallId},
};

/// A console shows an offer within this time.
const SHOWN_MS_MAX: u64 = 2_000;

impl Centre {
    /// The page of this console tells of each offer that it shows.
    pub(super) fn shows_offers(&mut self, turn: &mut Turn<'_>, agent: &AgentId) -> Result<(), Refusal> {
        let console = self.consoles.get_mut(agent).ok_or(Refusal::NoDevice)?;
        console.shows_offers = true;
        self.page_is_heard(turn, agent);
        Ok(())
    }

    /// A call rings at an agent.
    pub(super) fn await_shown(&mut self, turn: &Turn<'_>, id: CallId, offer: &Offer) {
        let tells = self.consoles.get(&offer.agent).is_some_and(|console| console.shows_offers);
        if offer.phone.is_none() && tells {
            self.timers.set(Timer::OfferShown(id, offer.agent.clone()), Some(turn.now.mono + SHOWN_MS_MAX));
        }
    }

    /// A console shows a call, which may have gone on to somebody else by now.
    pub(super) fn offer_shown(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        self.timers.set(Timer::OfferShown(id, agent.clone()), None);
        self.page_is_heard(turn, agent);
        Ok(())
    }

    /// The page of a console is alive, as its agent is.
    pub(super) fn page_is_heard(&mut self, turn: &mut Turn<'_>, agent: &AgentId) {
        let console = self.consoles.get_mut(agent);
        if console.is_some_and(|console| std::mem::take(&mut console.is_blank)) {
            self.refresh_device(turn, agent);
        }
    }

    pub(super) fn offer_not_shown(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId) {
        let offer = self.calls.get(&id).and_then(|call| call.offer_to(agent));
        if offer.is_none_or(|offer| offer.phone.is_some()) {
            return;
        }
        if let Some(console) = self.consoles.get_mut(agent) {
            console.is_blank = true;
        }
        self.offer_missed(turn, id, agent, MissCause::Device);
    }
}
