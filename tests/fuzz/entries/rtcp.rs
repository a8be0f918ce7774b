//! A compound packet of reports about our stream 7: what it says makes sense, and what is read of an extended report is read again
//! as it was when we write it.

use centralita::{
    protocol::rtp::{ExtendedReport, ReferenceEcho, is_rtcp, read_reports},
    types::Now,
};

const OURS: u32 = 7;

pub fn run(bytes: &[u8]) {
    let _ = is_rtcp(bytes);
    let reports = read_reports(bytes, OURS);
    let now = Now::default().plus_millis(1_000_000);
    let round_trip = reports.heard.and_then(|heard| heard.round_trip_ms(now));
    let echoed = reports.extended.echo.and_then(|(ours, held)| ReferenceEcho { ours, held }.round_trip_ms(now));
    assert!([round_trip, echoed].into_iter().flatten().all(|ms| ms < 10_000));
    let Some(metrics) = reports.extended.metrics else { return };
    assert!(metrics.mos().is_none_or(|mos| (1.0..=5.0).contains(&mos)), "{metrics:?}");
    let shares = [metrics.lost, metrics.discarded, metrics.bursts.burst_density, metrics.bursts.gap_density];
    assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{metrics:?}");
    let echo = reports.extended.echo.map(|(ours, held)| (OURS, ours, held));
    let mut written = Vec::new();
    ExtendedReport { metrics: Some((OURS, metrics)), reference: None, echo }.write(3, &mut written);
    let again = read_reports(&written, OURS).extended;
    assert_eq!((again.metrics, again.echo), (Some(metrics), reports.extended.echo));
}
