//! Recordings of calls: begun and paused while the call runs, listed, heard in pieces, held and deleted afterwards.

use std::ops::Range;

use axum::{
    Json,
    body::{Body as ResponseBody, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Page, Params, Routes, Signed};
use crate::{
    app::{
        actor::{Actor, Permission},
        field_problem::{Flaw, Problems},
        recordings::{Outline, RecordingAudio, RecordingEntry, RecordingsFault},
        switch_handle::CommandFailure,
    },
    domain::{
        call::PauseCause,
        centre::{CentreCommand, ForkView, RecordingAsked, RecordingView},
    },
    types::{CallId, RecordingId, UserId},
};

/// Octets read from a recording at a time.
const PIECE_OCTETS: usize = 64 * 1_024;
/// Stretches of an outline.
const BUCKETS_DEFAULT: i64 = 1_000;
const BUCKETS_MAX: i64 = 4_000;
const REASON_CHARS_MAX: i64 = 500;

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(of_call, start, pause, resume, stop, audio, outline, hold, release, delete))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    // Whether agents hear their own calls stands in the centre's rules: the use case asks.
    Routes::needing(&[Permission::HearRecordings, Permission::TakeCalls])
        .route("/api/v1/calls/{id}/recordings", get(of_call))
        .route("/api/v1/recordings/{id}/audio", get(audio))
        .route("/api/v1/recordings/{id}/outline", get(outline))
        .merge(
            Routes::needing(&[Permission::TakeCalls, Permission::Supervise])
                .route("/api/v1/calls/{id}/recording/start", post(start))
                .route("/api/v1/calls/{id}/recording/pause", post(pause))
                .route("/api/v1/calls/{id}/recording/resume", post(resume))
                .route("/api/v1/calls/{id}/recording/stop", post(stop)),
        )
        .merge(
            Routes::needing(&[Permission::KeepRecordings])
                .route("/api/v1/recordings/{id}/hold", put(hold).delete(release))
                .route("/api/v1/recordings/{id}", axum::routing::delete(delete)),
        )
}

/// Why a recording pauses.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Pause {
    /// `requested`, or `form_field` while a field is filled in that must not be heard.
    cause: PauseCause,
}

/// What is gone that a recording was paused for.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Resume {
    /// `requested` or `form_field`, as it was paused: the recording goes on when no other cause holds it. Both when it is not given.
    #[serde(default)]
    cause: Option<PauseCause>,
}

/// Why a recording is kept.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct HoldReason {
    /// The case, in up to 500 characters.
    reason: String,
}

/// How a recording is wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AudioParams {
    /// As a file to take away.
    #[serde(default)]
    download: bool,
    /// No further than so many milliseconds: of a recording that is still being written that much stays the same, and its ranges fit
    /// together.
    until_ms: Option<u64>,
}

/// Whose hold is taken off.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReleaseParams {
    /// Who put it there; the own one when not given.
    #[param(value_type = Option<String>)]
    by: Option<UserId>,
}

/// How fine an outline is.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OutlineParams {
    /// Stretches, 10 to 4000; 1000 when not given.
    buckets: Option<i64>,
}

/// How it stands with the recording of a running call, and with the copies of its audio, which pause with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordingNow {
    /// Now.
    recording: RecordingView,
    /// To which outside systems its audio goes.
    forks: Vec<ForkView>,
}

/// The recordings of a call with their parts, deleted ones included.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recordings", tag = "recordings", params(("id" = String, Path)), responses(
    (status = 200, body = Page<RecordingEntry>), (status = 403, body = super::Problem), (status = 404, body = super::Problem)))]
async fn of_call(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
) -> Result<Json<Page<RecordingEntry>>, ApiError> {
    Ok(Json(Page::all(state.recordings.of_call(&actor, call).await?)))
}

/// Begins to record the own call, where the rules leave it to people; a supervisor's reaches every call.
#[utoipa::path(post, path = "/api/v1/calls/{id}/recording/start", tag = "recordings", params(("id" = String, Path)), responses(
    (status = 200, body = RecordingNow), (status = 403, body = super::Problem), (status = 409, body = super::Problem)))]
async fn start(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
) -> Result<Json<RecordingNow>, ApiError> {
    ask(&state, &actor, call, RecordingAsked::Begin).await
}

/// Keeps nothing of the own call until `resume` with the same cause, or until the centre's longest pause is over; a supervisor's reaches
/// every call. Pauses for several causes overlap: the recording goes on when the last of them is gone.
#[utoipa::path(post, path = "/api/v1/calls/{id}/recording/pause", tag = "recordings", params(("id" = String, Path)),
    request_body = Pause, responses((status = 200, body = RecordingNow), (status = 403, body = super::Problem),
    (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn pause(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
    Body(pause): Body<Pause>,
) -> Result<Json<RecordingNow>, ApiError> {
    if pause.cause == PauseCause::SecureDigits {
        return Err(ApiError::invalid("cause", Flaw::not_one_of(["requested", "form_field"])));
    }
    ask(&state, &actor, call, RecordingAsked::Pause { cause: pause.cause }).await
}

/// Goes on recording, unless another cause still holds it. What is said is kept again a second later: words of the pause may still be
/// on their way, and until then `causes` is empty.
#[utoipa::path(post, path = "/api/v1/calls/{id}/recording/resume", tag = "recordings", params(("id" = String, Path)),
    request_body = Option<Resume>, responses((status = 200, body = RecordingNow), (status = 403, body = super::Problem),
    (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn resume(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
    resume: Option<Body<Option<Resume>>>,
) -> Result<Json<RecordingNow>, ApiError> {
    let resume = resume.and_then(|Body(resume)| resume).unwrap_or_default();
    if resume.cause == Some(PauseCause::SecureDigits) {
        return Err(ApiError::invalid("cause", Flaw::not_one_of(["requested", "form_field"])));
    }
    ask(&state, &actor, call, RecordingAsked::Resume { cause: resume.cause }).await
}

/// Stops what was begun on demand, for the agent who began it; a supervisor's reaches every call. What the rules record is not stopped.
#[utoipa::path(post, path = "/api/v1/calls/{id}/recording/stop", tag = "recordings", params(("id" = String, Path)), responses(
    (status = 200, body = RecordingNow), (status = 403, body = super::Problem), (status = 409, body = super::Problem)))]
async fn stop(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
) -> Result<Json<RecordingNow>, ApiError> {
    ask(&state, &actor, call, RecordingAsked::Stop).await
}

/// A WAV file of two channels, 16 bits at 8 kHz: left what the customer says, right what the customer hears. Answers requests for a
/// range of it (RFC 9110 14). That it was heard or taken away is written to the audit trail.
#[utoipa::path(get, path = "/api/v1/recordings/{id}/audio", tag = "recordings", params(("id" = String, Path), AudioParams), responses(
    (status = 200, description = "The whole file", content_type = "audio/wav", body = Vec<u8>),
    (status = 206, description = "The range asked for", content_type = "audio/wav", body = Vec<u8>),
    (status = 403, body = super::Problem), (status = 404, body = super::Problem), (status = 410, body = super::Problem),
    (status = 416, description = "The range begins behind the end")))]
async fn audio(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<RecordingId>,
    Params(params): Params<AudioParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let audio = state.recordings.audio(&actor, id, params.download, params.until_ms).await?;
    let size = audio.octets();
    let wanted = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let common = [
        (header::CONTENT_TYPE, "audio/wav".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        // What was written never changes: so much of it is always the same file (RFC 9110 8.8.3).
        (header::ETAG, entity_tag(id, size)),
    ];
    // A range of another length of it would not fit to what the reader has (RFC 9110 13.1.5).
    let condition = headers.get(header::IF_RANGE).and_then(|tag| tag.to_str().ok());
    let wanted = wanted.filter(|_| condition.is_none_or(|tag| tag == entity_tag(id, size)));
    let disposition =
        params.download.then(|| [(header::CONTENT_DISPOSITION, format!("attachment; filename=\"recording-{id}.wav\""))]);
    let of_range = |range: &Range<u64>| [(header::CONTENT_LENGTH, (range.end - range.start).to_string())];
    Ok(match wanted.map_or(Wanted::Whole, |wanted| read_range(wanted, size)) {
        Wanted::Whole => (common, of_range(&(0..size)), disposition, pieces(audio, 0..size)).into_response(),
        Wanted::Part(range) => {
            let told = [(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1))];
            (StatusCode::PARTIAL_CONTENT, common, of_range(&range), told, disposition, pieces(audio, range)).into_response()
        }
        Wanted::Beyond => {
            (StatusCode::RANGE_NOT_SATISFIABLE, common, [(header::CONTENT_RANGE, format!("bytes */{size}"))]).into_response()
        }
    })
}

/// The shape of a recording for a player: the loudest sample of equal stretches on both channels, pauses, and who had the customer from
/// when.
#[utoipa::path(get, path = "/api/v1/recordings/{id}/outline", tag = "recordings", params(("id" = String, Path), OutlineParams),
    responses((status = 200, body = Outline), (status = 403, body = super::Problem), (status = 404, body = super::Problem),
    (status = 410, body = super::Problem), (status = 422, body = super::Problem)))]
async fn outline(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<RecordingId>,
    Params(params): Params<OutlineParams>,
) -> Result<Json<Outline>, ApiError> {
    let buckets = params.buckets.unwrap_or(BUCKETS_DEFAULT);
    let mut problems = Problems::default();
    problems.within("buckets", buckets, 10, BUCKETS_MAX);
    problems.into_result()?;
    Ok(Json(state.recordings.outline(&actor, id, usize::try_from(buckets).unwrap_or_default()).await?))
}

/// Keeps a recording whatever its time (legal hold). It cannot be deleted meanwhile. Each person has a hold of the own, with a reason of
/// its own.
#[utoipa::path(put, path = "/api/v1/recordings/{id}/hold", tag = "recordings", params(("id" = String, Path)),
    request_body = HoldReason, responses((status = 200, body = RecordingEntry), (status = 403, body = super::Problem),
    (status = 404, body = super::Problem), (status = 410, body = super::Problem), (status = 422, body = super::Problem)))]
async fn hold(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<RecordingId>,
    Body(HoldReason { reason }): Body<HoldReason>,
) -> Result<Json<RecordingEntry>, ApiError> {
    let mut problems = Problems::default();
    problems.length("reason", reason.trim(), 1, REASON_CHARS_MAX);
    problems.into_result()?;
    Ok(Json(state.recordings.hold(&actor, id, reason.trim().to_owned()).await?))
}

/// Takes a legal hold off; those of others go on.
#[utoipa::path(delete, path = "/api/v1/recordings/{id}/hold", tag = "recordings", params(("id" = String, Path), ReleaseParams),
    responses((status = 200, body = RecordingEntry), (status = 403, body = super::Problem), (status = 404, body = super::Problem),
    (status = 410, body = super::Problem)))]
async fn release(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<RecordingId>,
    Params(params): Params<ReleaseParams>,
) -> Result<Json<RecordingEntry>, ApiError> {
    let by = params.by.unwrap_or_else(|| actor.user.clone());
    Ok(Json(state.recordings.release(&actor, id, by).await?))
}

/// Deletes a recording for good. That there was one, and who deleted it, is kept.
#[utoipa::path(delete, path = "/api/v1/recordings/{id}", tag = "recordings", params(("id" = String, Path)), responses(
    (status = 204), (status = 403, body = super::Problem), (status = 404, body = super::Problem),
    (status = 409, body = super::Problem), (status = 410, body = super::Problem)))]
async fn delete(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<RecordingId>) -> Result<StatusCode, ApiError> {
    state.recordings.delete(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ask(state: &AppState, actor: &Actor, call: CallId, asked: RecordingAsked) -> Result<Json<RecordingNow>, ApiError> {
    let agent = (!actor.may(Permission::Supervise)).then(|| actor.agent());
    let command = CentreCommand::Recording { agent, call, asked };
    let stopping = || ApiError::unavailable("The server is stopping.");
    state.switch.command(actor.in_events(), command).await.map_err(|failure| match failure {
        CommandFailure::Refused(refusal) => refusal.into(),
        CommandFailure::Stopped => stopping(),
    })?;
    let floor = state.switch.snapshot().await.ok_or_else(stopping)?;
    let view = floor.calls.iter().find(|view| view.id == call).ok_or_else(|| ApiError::not_found("call"))?;
    Ok(Json(RecordingNow { recording: view.recording.clone(), forks: view.forks.clone() }))
}

/// Names a recording's sound of so many octets.
fn entity_tag(id: RecordingId, size: u64) -> String {
    format!("\"{id}-{size}\"")
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// Everything: it asks for nothing that we understand (RFC 9110 14.2).
    Whole,
    /// These octets.
    Part(Range<u64>),
    /// What lies behind the end.
    Beyond,
}

/// One range of octets (RFC 9110 14.1.2); of several the whole is given, which is allowed.
fn read_range(text: &str, size: u64) -> Wanted {
    let Some(spec) = text.strip_prefix("bytes=") else { return Wanted::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Wanted::Whole };
    let number = |text: &str| if text.bytes().all(|b| b.is_ascii_digit()) { text.parse::<u64>().ok() } else { None };
    let range = match (first, last) {
        ("", suffix) => match number(suffix) {
            Some(0) => return Wanted::Beyond,
            Some(count) => size.saturating_sub(count)..size,
            None => return Wanted::Whole,
        },
        (first, "") => match number(first) {
            Some(first) => first..size,
            None => return Wanted::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
            _ => return Wanted::Whole,
        },
    };
    if range.start < size { Wanted::Part(range) } else { Wanted::Beyond }
}

/// The octets of a range, read as they are wanted. A file that fails in the middle ends the connection, which the reader notices.
fn pieces(audio: RecordingAudio, range: Range<u64>) -> ResponseBody {
    ResponseBody::from_stream(stream::try_unfold(range, move |range| {
        let audio = audio.clone();
        async move {
            let count = usize::try_from(range.end - range.start).unwrap_or(usize::MAX).min(PIECE_OCTETS);
            if count == 0 {
                return Ok(None);
            }
            let octets = audio.read(range.start, count).await?;
            if octets.is_empty() {
                return Err(RecordingsFault::NotFound);
            }
            let next = range.start + octets.len() as u64..range.end;
            Ok(Some((Bytes::from(octets), next)))
        }
    }))
}

impl From<RecordingsFault> for ApiError {
    fn from(fault: RecordingsFault) -> Self {
        match fault {
            RecordingsFault::NotFound => Self::not_found("recording"),
            RecordingsFault::Deleted => Self::gone("The recording was deleted."),
            RecordingsFault::Held => Self::conflict("held", "The recording is on legal hold; take the hold off first."),
            RecordingsFault::Forbidden(forbidden) => forbidden.into(),
            RecordingsFault::File(fault) => Self::fault(fault),
            RecordingsFault::Store(fault) => fault.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_has_them() {
        for (text, wanted) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=10-", Wanted::Part(10..100)),
            ("bytes=90-500", Wanted::Part(90..100)),
            ("bytes=-10", Wanted::Part(90..100)),
            ("bytes=-500", Wanted::Part(0..100)),
            ("bytes=100-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
            ("bytes=0-18446744073709551615", Wanted::Part(0..100)),
        ] {
            assert_eq!(read_range(text, 100), wanted, "{text}");
        }
        assert_eq!(read_range("bytes=0-", 0), Wanted::Beyond);
    }
}
