//! What is said of notification channels.

use super::Report;
use crate::notifications::{Channel, MessageCounts};

pub const CHANNELS: &str = "channels";
const FIX: &str =
    "Open the channel in Settings › Notifications: it shows its last messages and can send a test.";

/// Examines all channels, each with the numbers of its messages.
pub fn examine_channels(report: &mut Report, channels: &[(Channel, MessageCounts)]) {
    let before = report.parts().len();
    for (channel, MessageCounts { given_up, .. }) in channels {
        let name = &channel.name;
        if !channel.off_because.is_empty() {
            report.warning(CHANNELS, format!("{name} was turned off: {}", channel.off_because), FIX);
        } else if let Some(trouble) = channel.trouble.as_ref().filter(|_| channel.is_on) {
            let tries = match trouble.failures {
                1 => "1 try".to_owned(),
                many => format!("{many} tries in a row"),
            };
            report.warning(CHANNELS, format!("{name}: {} ({tries})", trouble.problem), FIX);
        } else if channel.is_on && *given_up > 0 {
            report.warning(CHANNELS, format!("{name}: {given_up} messages were given up"), FIX);
        }
    }
    let on = channels.iter().filter(|(channel, _)| channel.is_on).count();
    if report.parts().len() > before {
        return;
    }
    match on {
        0 => report.not_checked(CHANNELS, "none: nobody is told anything"),
        1 => report.ok(CHANNELS, "1 channel is on"),
        on => report.ok(CHANNELS, format!("{on} channels are on")),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Condition, *};
    use crate::{
        id::ChannelId,
        notifications::{ChannelKind, ChannelTrouble},
        time::Timestamp,
    };

    fn channel() -> Channel {
        Channel {
            id: ChannelId::from_trusted("c1"),
            name: "Ops".to_owned(),
            kind: ChannelKind::Slack,
            destination: "hooks.example.com".to_owned(),
            signing: None,
            rules: Vec::new(),
            is_on: true,
            off_because: String::new(),
            created_at: Timestamp::from_micros(1),
            delivered_at: None,
            trouble: None,
        }
    }

    #[test]
    fn what_is_wrong_with_a_channel_is_a_warning() {
        let problem = "the receiver answered 503".to_owned();
        let trouble = ChannelTrouble { failures: 3, problem, retry_at: Timestamp::from_micros(9) };
        let given_up = |given_up| MessageCounts { waiting: 0, given_up };
        let examined = |channels: &[(Channel, MessageCounts)]| {
            let mut report = Report::default();
            examine_channels(&mut report, channels);
            let part = &report.parts()[0];
            (part.condition, part.message.clone())
        };
        assert_eq!(examined(&[]).0, Condition::NotChecked);
        assert_eq!(examined(&[(channel(), given_up(0))]), (Condition::Ok, "1 channel is on".to_owned()));
        let late = Channel { trouble: Some(trouble), ..channel() };
        let said = "Ops: the receiver answered 503 (3 tries in a row)".to_owned();
        assert_eq!(
            examined(&[(channel(), given_up(0)), (late.clone(), given_up(0))]),
            (Condition::Warning, said)
        );
        assert_eq!(
            examined(&[(Channel { is_on: false, ..late }, given_up(2))]).0,
            Condition::NotChecked,
            "a person turned it off"
        );
        let gone = Channel { is_on: false, off_because: "410".to_owned(), ..channel() };
        assert_eq!(examined(&[(gone, given_up(0))]).0, Condition::Warning);
        assert_eq!(examined(&[(channel(), given_up(2))]).1, "Ops: 2 messages were given up");
    }
}
