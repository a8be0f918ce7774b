//! Automatic level control: voices that are mixed come out about as loud as one another, however far their microphones are.
//!
//! How loud somebody speaks is the mean over the time in which they do, with a hangover of 200 ms (the idea of ITU-T P.56); what we
//! steer to is the -26 dBov at which P.56's family of Recommendations has speech. The concerns are those of ITU-T G.169: noise gets no
//! more than brings the line's to -50 dBov as far as it is known, and nothing rises in pauses; tones of signalling neither teach anything
//! nor are raised to where they would be bent; what may be an echo is neither learned from nor, once the gain is put aside, raised;
//! nothing is cut off. It costs some ten multiplications a sample.

use super::{
    FRAME_SAMPLES, Frame,
    voice::{SILENCE_DBOV, VoiceActivity, level_dbov},
};

/// Where voices are steered to.
const TARGET_DBOV: f32 = -26.0;
/// Most that is added: to speech at -44 dBov.
const GAIN_DB_MAX: f32 = 18.0;
/// Most that is taken away.
const GAIN_DB_MIN: f32 = -12.0;
/// The line's own noise is brought up to no more than this; one that is louder by itself stays as it is.
const NOISE_DBOV_MAX: f32 = -50.0;
/// How fast the line's noise may seem to rise in a frame, 1 dB/s: a sentence without a pause is none.
const NOISE_RISES_DB: f32 = 0.02;
/// Change in a frame: 6 dB/s up, 12 dB/s down.
const LOUDER_DB: f32 = 0.12;
const SOFTER_DB: f32 = 0.24;
/// Frames of speech that count at most: 3 s. The older ones fade.
const MEMORY_FRAMES: u16 = 150;
/// Frames of speech before anything is concluded from it: 300 ms.
const SURE_FRAMES: u16 = 15;
/// A frame counts as no louder than this above what is known: a bang is no voice, and who truly speaks louder goes on.
const LOUDER_THAN_KNOWN_DB: f32 = 10.0;
/// Frames after a word that belong to the speech: 200 ms.
const HANGOVER_FRAMES: u8 = 10;
/// For so long what goes to a peer may come back from it, at full strength: 200 ms.
const ECHO_FRAMES: u8 = 10;
/// Afterwards it fades: 60 dB/s.
const ECHO_FADE_DB: f32 = 1.2;
/// What comes back is softer by at least this (ITU-T G.168 reckons with 6 dB of echo return loss).
const ECHO_LOSS_DB: f32 = 6.0;
/// A frame is raised to no more than this: whoever shouts after whispering, and keys, are loud enough.
const RAISED_DBOV_MAX: f32 = -12.0;
/// Change in a frame while the gain is put aside for what may be an echo, and when it comes back.
const ASIDE_DB: f32 = 9.0;
const BACK_DB: f32 = 3.0;
/// A frame that is so much louder than the one before, as where a key begins, starts with no more than this above what it may get.
const SUDDEN_DB: f32 = 1.0;
const SUDDEN_RISE_DB: f32 = 15.0;
/// A frame of one and the same sample up to this is no sound: what has not come yet, or G.711's word for nothing.
const NOTHING_MAX: u16 = 8;
/// A share of full scale above which what is raised bends instead of being cut off: -6 dB.
const KNEE: f32 = 0.5;

/// Follows one voice.
#[derive(Debug, Clone)]
pub struct LevelControl {
    activity: VoiceActivity,
    hangover: u8,
    /// The line's noise.
    noise_dbov: f32,
    /// Mean square of the speech against full scale, and frames that it is made of.
    speech: f32,
    frames: u16,
    /// What the voice needs.
    gain_db: f32,
    /// What the last sample got.
    applied_db: f32,
    /// How loud the last frame was.
    last_dbov: f32,
    tones: Tones,
    near: Held,
    far: Held,
}

impl Default for LevelControl {
    fn default() -> Self {
        Self {
            activity: VoiceActivity::default(),
            hangover: 0,
            noise_dbov: f32::INFINITY,
            speech: 0.0,
            frames: 0,
            gain_db: 0.0,
            applied_db: 0.0,
            last_dbov: SILENCE_DBOV,
            tones: Tones::default(),
            near: Held::default(),
            far: Held::default(),
        }
    }
}

impl LevelControl {
    /// Takes note of what goes to the peer: it may come back as an echo.
    pub fn goes_out(&mut self, frame: &Frame) {
        self.far.note(level_dbov(frame));
    }

    /// Brings the next frame of the voice nearer to where it should be. A line on which there is nothing, because nothing has come yet or
    /// a microphone is off, says nothing about its noise.
    pub fn level(&mut self, frame: &mut Frame) {
        if is_nothing(frame) {
            self.last_dbov = SILENCE_DBOV;
            return self.pass(frame);
        }
        let voice = self.activity.hear(frame);
        self.noise_dbov = self.activity.floor_dbov().min(self.noise_dbov + NOISE_RISES_DB);
        let last_dbov = std::mem::replace(&mut self.last_dbov, voice.level_dbov);
        let is_tone = self.tones.hear(frame, voice.level_dbov);
        self.near.fade();
        self.far.fade();
        self.near.note(voice.level_dbov);
        let may_be_echo = self.near.dbov < self.far.dbov - ECHO_LOSS_DB;
        self.hangover = if voice.is_voice && !may_be_echo { HANGOVER_FRAMES } else { self.hangover.saturating_sub(1) };
        let is_speech = self.hangover > 0 && !is_tone && !may_be_echo;
        if is_speech {
            self.learn(voice.level_dbov);
        }
        let room_db = (RAISED_DBOV_MAX - voice.level_dbov).max(0.0);
        let is_sudden = voice.level_dbov > last_dbov + SUDDEN_RISE_DB;
        let most = if is_sudden { room_db + SUDDEN_DB } else { f32::INFINITY };
        let before = self.applied_db.min(most);
        let wanted = self.gain_db.min(if may_be_echo { 0.0 } else { room_db });
        let rise_db = if is_speech { BACK_DB } else { 0.0 };
        self.applied_db = before + (wanted - before).clamp(-ASIDE_DB, rise_db);
        amplify(frame, before, self.applied_db);
    }

    /// The same of a frame in which the line itself is not heard: nothing is learned of it, and the gain stays.
    pub fn pass(&mut self, frame: &mut Frame) {
        self.tones = Tones::default();
        self.near.fade();
        self.far.fade();
        self.hangover = self.hangover.saturating_sub(1);
        amplify(frame, self.applied_db, self.applied_db);
    }

    fn learn(&mut self, level_dbov: f32) {
        let known_dbov = to_db(self.speech);
        let is_sure = self.frames >= SURE_FRAMES;
        let level_dbov = if is_sure { level_dbov.min(known_dbov + LOUDER_THAN_KNOWN_DB) } else { level_dbov };
        self.frames = (self.frames + 1).min(MEMORY_FRAMES);
        self.speech += (10_f32.powf(level_dbov / 10.0) - self.speech) / f32::from(self.frames);
        if !is_sure {
            return;
        }
        let room_db = (NOISE_DBOV_MAX - self.noise_dbov).max(0.0);
        let needed = (TARGET_DBOV - to_db(self.speech)).clamp(GAIN_DB_MIN, GAIN_DB_MAX.min(room_db));
        self.gain_db += (needed - self.gain_db).clamp(-SOFTER_DB, LOUDER_DB);
    }
}

fn is_nothing(frame: &Frame) -> bool {
    let [first, ..] = frame;
    first.unsigned_abs() <= NOTHING_MAX && frame.iter().all(|sample| sample == first)
}

/// A mean square against full scale as a level.
fn to_db(mean_square: f32) -> f32 {
    10.0 * mean_square.max(f32::MIN_POSITIVE).log10()
}

/// The loudest of a while.
#[derive(Debug, Clone)]
struct Held {
    dbov: f32,
    age: u8,
}

impl Default for Held {
    fn default() -> Self {
        Self { dbov: SILENCE_DBOV, age: 0 }
    }
}

impl Held {
    fn note(&mut self, dbov: f32) {
        if dbov >= self.dbov {
            *self = Self { dbov, age: 0 };
        }
    }

    /// 20 ms pass.
    fn fade(&mut self) {
        self.age = (self.age + 1).min(ECHO_FRAMES);
        if self.age == ECHO_FRAMES {
            self.dbov = (self.dbov - ECHO_FADE_DB).max(SILENCE_DBOV);
        }
    }
}

/// Tells signalling from voices: one or two steady sines, as keys, faxes and networks send them.
#[derive(Debug, Clone, Default)]
struct Tones {
    /// The level of the last frame, if that could be one.
    last_dbov: Option<f32>,
}

impl Tones {
    /// What two sines leave unexplained of themselves, as a share: lines have noise, voices have more.
    const REST_MAX: f32 = 0.003;
    /// From one frame to the next.
    const UNSTEADY_DB_MAX: f32 = 1.0;
    /// Nothing quieter is a tone for anybody.
    const DBOV_MIN: f32 = -45.0;

    fn hear(&mut self, frame: &Frame, dbov: f32) -> bool {
        let could_be = dbov >= Self::DBOV_MIN && Self::rest(frame) <= Self::REST_MAX;
        let last_dbov = std::mem::replace(&mut self.last_dbov, could_be.then_some(dbov));
        could_be && last_dbov.is_some_and(|last| (last - dbov).abs() <= Self::UNSTEADY_DB_MAX)
    }

    /// Two sines obey x(n) + x(n-4) = a (x(n-1) + x(n-3)) + b x(n-2), whatever their phases: how far the best a and b miss it, against
    /// what noise of the same energy would.
    fn rest(frame: &Frame) -> f32 {
        let (mut uu, mut uv, mut vv, mut uy, mut vy, mut yy) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
        for window in frame.windows(5) {
            let &[one, two, three, four, five] = window else { continue };
            let of = |sample: i16| f32::from(sample) / FULL;
            let (y, u, v) = (of(one) + of(five), of(two) + of(four), of(three));
            (uu, uv, vv) = (uu + u * u, uv + u * v, vv + v * v);
            (uy, vy, yy) = (uy + u * y, vy + v * y, yy + y * y);
        }
        // A single sine has many such pairs; this much of noise picks one.
        let (uu, vv_aided) = (uu + vv * 1e-4, vv * (1.0 + 1e-4));
        let determinant = uu * vv_aided - uv * uv;
        if determinant <= 0.0 {
            return f32::INFINITY;
        }
        let a = (uy * vv_aided - vy * uv) / determinant;
        let b = (vy * uu - uy * uv) / determinant;
        let missed = (yy - a * uy - b * vy).max(0.0);
        missed / (vv * (2.0 + 2.0 * a * a + b * b))
    }
}

const FULL: f32 = i16::MAX as f32;

/// From a gain to another, evenly over the frame.
fn amplify(frame: &mut Frame, from_db: f32, to_db: f32) {
    if from_db == 0.0 && to_db == 0.0 {
        return;
    }
    let [from, to] = [from_db, to_db].map(|db| 10_f32.powf(db / 20.0));
    let step = (to - from) / FRAME_SAMPLES as f32;
    let mut gain = from;
    for sample in frame {
        gain += step;
        *sample = (raised(f32::from(*sample) / FULL, gain) * FULL).round() as i16;
    }
}

/// A sample, as a share of full scale, times a gain. Above the knee it bends so that full scale becomes full scale: nothing is cut
/// off, whatever the gain, and a gain of one leaves all as it is.
fn raised(sample: f32, gain: f32) -> f32 {
    let straight = sample * gain;
    let over = straight.abs() - KNEE;
    if over <= 0.0 || gain <= 1.0 {
        return straight;
    }
    let bend = (gain - 1.0) / ((1.0 - KNEE) * (gain - KNEE));
    (KNEE + over / (1.0 + bend * over)).copysign(sample)
}

#[cfg(test)]
mod tests;
