//! Whose voice stays as loud as it comes.

use super::*;

#[test]
fn the_voices_of_a_trunk_whose_carrier_controls_levels_stay_as_loud_as_they_come() {
    for keeps_levels in [false, true] {
        let mut desk = Desk::new();
        let trunk = Trunk { keeps_levels, ..Trunk::new("carrier".parse().unwrap(), "Carrier") };
        desk.legs.trunks.insert(trunk.id.clone(), trunk);
        let said = desk.sip(invited(Some(OFFER)));
        let [Said::Centre(CentreInput::Arrived { leg, .. })] = said.as_slice() else { panic!("{said:?}") };
        let leg = *leg;
        desk.want(PhoneEffect::Answer { leg });
        let said = desk.media(opened(leg));
        let kept = said.iter().find_map(|said| match said {
            Said::Media(MediaOrder::SetRemote { remote, .. }) => Some(remote.keeps_level),
            _ => None,
        });
        assert_eq!(kept, Some(keeps_levels), "{said:?}");
    }
}
