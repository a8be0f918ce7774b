//! `hello`: everything of the live floor that this user may see, and where the facts go on.

use std::time::Duration;

use super::{End, Session};
use crate::{
    app::Cursor,
    console::{
        pops::customers_of,
        wire::{Hello, PopView, SavedNotes, ServerMessage},
    },
    domain::centre::CallView,
};

/// The records of own calls may take so long; later ones come as `pop`.
const RECORDS_MAX: Duration = Duration::from_millis(300);

impl Session {
    /// Sends `hello`, then the facts since `resume`. Behind a cursor of another journal, as before a restore, there are none:
    /// then all begins anew.
    pub(super) async fn greet(&mut self, resume: Option<&str>) -> Result<(), End> {
        let cannot = |fault| {
            tracing::warn!(%fault, "a console cannot be greeted");
            End::TooSlow
        };
        let mut resume = resume.and_then(|text| text.parse::<Cursor>().ok());
        if let Some(cursor) = &resume
            && !self.state.desk.holds(cursor).await.map_err(cannot)?
        {
            resume = None;
        }
        self.cursor = match resume.clone() {
            Some(cursor) => cursor,
            None => self.state.desk.end_of_facts().await.map_err(cannot)?,
        };
        let floor = self.state.switch.snapshot().await.ok_or(End::ServerStops)?;
        let own = self.eyes.take_snapshot(&floor);
        let (mine, others): (Vec<_>, Vec<_>) = floor.agents.iter().partition(|agent| agent.id == *self.eyes.agent());
        let centre = self.state.directory.borrow().centre.clone();
        self.painted.clear();
        let (mut pops, mut notes, mut late) = (Vec::new(), Vec::new(), Vec::new());
        for call in own.iter().filter(|call| call.agent.as_ref() == Some(self.eyes.agent())) {
            match tokio::time::timeout(RECORDS_MAX, self.state.pops.of(call)).await {
                Ok(records) => {
                    self.painted.insert(call.id, customers_of(call));
                    pops.push(PopView { call: call.id, matches: records.to_vec() });
                }
                Err(_) => late.push(call.clone()),
            }
            match self.state.desk.notes(call.id).await {
                Ok(saved) => notes.extend(saved.map(|notes| SavedNotes { call: call.id, notes })),
                Err(fault) => tracing::warn!(call = %call.id, %fault, "notes cannot be read"),
            }
        }
        let hello = Hello {
            server_time: self.state.clock.now().wall,
            build: self.state.build.to_string(),
            user: self.eyes.actor().user.clone(),
            centre_name: centre.name,
            is_sample: centre.is_sample,
            agent: mine.first().map(|agent| agent.as_ref().clone()),
            calls: own.iter().map(|call| CallView::clone(call)).collect(),
            pops,
            notes,
            colleagues: others.iter().map(|agent| self.eyes.agent_view(agent)).collect(),
            parked: self.eyes.parked(),
            cursor: self.cursor.to_string(),
        };
        self.outbox.send(ServerMessage::Hello(Box::new(hello)))?;
        for call in late {
            self.paint(&call)?;
        }
        if resume.is_some() { self.catch_up().await } else { Ok(()) }
    }
}
