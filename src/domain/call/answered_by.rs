//! Who has answered a call that an agent made, as far as its audio tells, and the message that is left on a machine.

use serde::{Deserialize, Serialize};

use super::{Call, CallCx, CallEventKind, Stage};
use crate::types::{AgentId, Answer, AnswerCause, AnswerDetect, Mono};

/// Ringing tones may be heard for so long after the answer, and stop the detector's clock meanwhile.
const RINGING_MS_MAX: u64 = 30_000;

/// What is known of who has answered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AnsweredBy {
    /// Who.
    pub answer: Option<Answer>,
    /// Whether it is being found out.
    pub is_listening: bool,
    /// Whether the machine has beeped and listens.
    pub has_beeped: bool,
    /// For so long a machine's beep is awaited, by the rules of its begin.
    #[serde(default)]
    beep_ms_max: u64,
    /// Until then a beep may still come.
    beep_until: Option<Mono>,
    message: Option<Message>,
}

/// A message that is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Message {
    /// A shared prompt.
    prompt: String,
    /// It has begun; before, the machine's beep is awaited.
    is_said: bool,
}

impl Call {
    /// What is known of who has answered; `None` if nobody asked.
    pub fn answered_by(&self) -> Option<&AnsweredBy> {
        self.answered_by.as_ref()
    }

    /// From now on it is found out by these limits.
    pub fn listen_for_answer(&mut self, limits: &AnswerDetect, cx: &CallCx<'_>) {
        let beep_ms_max = limits.beep_ms_max;
        let beep_until = Some(cx.now.mono + (RINGING_MS_MAX + limits.total_ms_max + beep_ms_max));
        self.answered_by = Some(AnsweredBy { is_listening: true, beep_ms_max, beep_until, ..AnsweredBy::default() });
    }

    /// It is told who has answered. A machine may still beep.
    pub fn note_answer(&mut self, answer: Answer, cause: AnswerCause, after_ms: u64, cx: &mut CallCx<'_>) {
        let Some(known) = self.answered_by.as_mut().filter(|known| known.is_listening) else { return };
        (known.is_listening, known.answer) = (false, Some(answer));
        known.beep_until = (answer == Answer::Machine).then(|| cx.now.mono + known.beep_ms_max);
        self.say(cx, CallEventKind::AnswerDetected { answer, cause, after_ms: whole(after_ms) });
    }

    /// The machine has beeped and listens.
    pub fn note_beep(&mut self, after_ms: u64, cx: &mut CallCx<'_>) {
        let Some(known) = self.answered_by.as_mut().filter(|known| !known.has_beeped) else { return };
        (known.has_beeped, known.beep_until) = (true, None);
        self.say(cx, CallEventKind::Beeped { after_ms: whole(after_ms) });
    }

    /// The agent leaves this shared prompt as a message and goes. It is said at once, or after the beep if one may still
    /// come; then when none has come by the time that is given back.
    pub fn leave_message(&mut self, agent: AgentId, prompt: &str, cx: &mut CallCx<'_>) -> Option<Mono> {
        let known = self.answered_by.get_or_insert_default();
        known.message = Some(Message { prompt: prompt.to_owned(), is_said: false });
        self.say(cx, CallEventKind::MessageChosen { agent, prompt: prompt.to_owned() });
        self.beep_until(cx.now.mono)
    }

    /// Until when a beep may still come; `None` if none can come any more.
    pub fn beep_until(&self, now: Mono) -> Option<Mono> {
        self.answered_by.as_ref()?.beep_until.filter(|until| *until > now)
    }

    /// The message that is to be left and has not begun, which begins now.
    pub fn begin_message(&mut self) -> Option<String> {
        let message = self.answered_by.as_mut()?.message.as_mut().filter(|message| !message.is_said)?;
        message.is_said = true;
        Some(message.prompt.clone())
    }

    /// Whether a message waits to be left.
    pub fn awaits_beep(&self) -> bool {
        let message = self.answered_by.as_ref().and_then(|known| known.message.as_ref());
        matches!(self.stage(), Stage::Leaving { .. }) && message.is_some_and(|message| !message.is_said)
    }

    /// The message has been said to its end.
    pub fn note_message_left(&mut self, cx: &mut CallCx<'_>) {
        let message = self.answered_by.as_ref().and_then(|known| known.message.as_ref());
        if let Some(prompt) = message.filter(|message| message.is_said).map(|message| message.prompt.clone()) {
            self.say(cx, CallEventKind::MessageLeft { prompt });
        }
    }

    /// Nobody listens any more, as after a restart: what was not told stays untold, and a message that was cut off begins anew.
    pub(super) fn stop_listening(&mut self) {
        let Some(known) = &mut self.answered_by else { return };
        (known.is_listening, known.beep_until) = (false, None);
        if let Some(message) = &mut known.message {
            message.is_said = false;
        }
    }
}

fn whole(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
