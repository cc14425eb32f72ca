//! Reads an access denied message: which kind of policy refuses the call, and whether it has an explicit deny or
//! only no allow.
//!
//! Source: IAM user guide, "Troubleshoot access denied error messages". Since 2026 some messages end with the ARN
//! of the policy.

/// A kind of policy that AWS evaluates for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    IdentityBased,
    ResourceBased,
    PermissionsBoundary,
    Session,
    ServiceControl,
    ResourceControl,
    VpcEndpoint,
    RoleTrust,
}

const LAYERS: [Layer; 8] = [
    Layer::IdentityBased,
    Layer::ResourceBased,
    Layer::PermissionsBoundary,
    Layer::Session,
    Layer::ServiceControl,
    Layer::ResourceControl,
    Layer::VpcEndpoint,
    Layer::RoleTrust,
];

impl Layer {
    /// AWS's name of the kind.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::IdentityBased => "identity-based policy",
            Self::ResourceBased => "resource-based policy",
            Self::PermissionsBoundary => "permissions boundary",
            Self::Session => "session policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::VpcEndpoint => "VPC endpoint policy",
            Self::RoleTrust => "role trust policy",
        }
    }

    /// Who can change a policy of this kind, as text.
    const fn keeper(self) -> &'static str {
        match self {
            Self::IdentityBased => "the administrator of the IAM role or user that Unstale runs as",
            Self::ResourceBased => "the administrator of the resource that AWS names below",
            Self::PermissionsBoundary => {
                "the administrator who sets the permissions boundary of the IAM role or user that Unstale runs as"
            }
            Self::Session => "the owner of the program or profile that assumes the role",
            Self::ServiceControl | Self::ResourceControl => "an administrator of the AWS organization",
            Self::VpcEndpoint => "the administrator of the VPC endpoint that this server uses",
            Self::RoleTrust => "the administrator of the role's trust policy",
        }
    }
}

/// Why a call was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    /// The kind of policy. `None` if AWS does not name one. If several policies refuse the call, AWS names only
    /// one.
    pub layer: Option<Layer>,
    /// Whether a Deny statement refuses the call. Otherwise an Allow statement is missing.
    pub explicit: bool,
}

impl Denial {
    /// Reads AWS's message.
    #[must_use]
    pub fn read(message: &str) -> Self {
        let text = message.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let behind = |phrase: &str| text.split_once(phrase).map(|(_, rest)| rest);
        if let Some(rest) = behind("explicit deny") {
            let rest = rest.strip_prefix(" in ").unwrap_or_default();
            let rest =
                ["a ", "an ", "the "].iter().find_map(|article| rest.strip_prefix(article)).unwrap_or(rest);
            return Self { layer: layer_of(rest), explicit: true };
        }
        Self { layer: behind("because no ").and_then(layer_of), explicit: false }
    }

    /// Whether an Allow statement in the policy of Unstale's role or user would help, according to the message.
    #[must_use]
    pub const fn statement_helps(self) -> bool {
        !self.explicit && matches!(self.layer, None | Some(Layer::IdentityBased))
    }

    /// What a person can do about it.
    #[must_use]
    pub fn advice(self) -> String {
        const ADD: &str = "Add this statement to the policy of the role or user that Unstale runs as";
        match self {
            Self { layer: Some(Layer::IdentityBased), explicit: false } => {
                format!("{ADD}, then press Retry.")
            }
            Self { layer: None, explicit: false } => format!(
                "{ADD}, then press Retry. AWS does not say which policy refuses: if the statement is there already, an administrator of the AWS organization can look for one of another kind."
            ),
            _ => format!("{} Then press Retry.", self.who_mends_it()),
        }
    }

    /// Which policy refuses the call, and who can change it.
    pub(super) fn who_mends_it(self) -> String {
        match self {
            Self { layer: Some(layer), explicit: true } => format!(
                "{} denies it. An Allow does not override a Deny: {} has to change the Deny there.",
                with_article(layer.label()),
                layer.keeper(),
            ),
            Self { layer: None, explicit: true } => "A policy denies it, and AWS does not say of which kind. An Allow does not override a Deny: the administrator of the IAM role that Unstale runs as, or an administrator of the AWS organization, has to find the Deny and change it.".to_owned(),
            Self { layer: Some(layer), explicit: false } => format!(
                "No {} allows it. An Allow in the role's or user's own policy does not help here: {} has to allow it there.",
                layer.label(),
                layer.keeper(),
            ),
            Self { layer: None, explicit: false } => "AWS does not say which policy refuses it.".to_owned(),
        }
    }
}

fn layer_of(text: &str) -> Option<Layer> {
    LAYERS.into_iter().find(|layer| text.starts_with(&layer.label().to_lowercase()))
}

fn with_article(words: &str) -> String {
    let article = if words.starts_with('i') { "An" } else { "A" };
    format!("{article} {words}")
}

/// The policy statement that allows everything that Unstale does with one distribution, as JSON.
#[must_use]
pub fn policy_statement(distribution_arn: &str) -> String {
    format!(
        r#"{{
  "Effect": "Allow",
  "Action": [
    "cloudfront:CreateInvalidation",
    "cloudfront:GetInvalidation",
    "cloudfront:ListInvalidations",
    "cloudfront:GetDistributionConfig",
    "cloudfront:ListTagsForResource"
  ],
  "Resource": "{distribution_arn}"
}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: &str = "User: arn:aws:iam::123456789012:user/unstale is not authorized to perform: cloudfront:CreateInvalidation on resource: arn:aws:cloudfront::123456789012:distribution/E1 ";

    /// The messages are from the IAM user guide.
    #[test]
    fn each_kind_of_policy_is_told_apart() {
        let read = |text: &str| Denial::read(&format!("{WHO}{text}"));
        for layer in LAYERS {
            for article in ["a", "an", "the"] {
                let text = format!("with an explicit deny in {article} {}", layer.label());
                assert_eq!(read(&text), Denial { layer: Some(layer), explicit: true }, "{text}");
            }
            let text =
                format!("because no {} allows the cloudfront:CreateInvalidation action", layer.label());
            assert_eq!(read(&text), Denial { layer: Some(layer), explicit: false }, "{text}");
        }
        let named = "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1";
        assert_eq!(read(named).layer, Some(Layer::ServiceControl));
        let folded = "because no session\n   policy allows the cloudfront:CreateInvalidation action";
        assert_eq!(read(folded), Denial { layer: Some(Layer::Session), explicit: false });
        assert_eq!(read("with an explicit deny"), Denial { layer: None, explicit: true });
        assert_eq!(Denial::read("Access Denied"), Denial { layer: None, explicit: false });
    }

    #[test]
    fn the_statement_is_offered_only_where_it_helps() {
        let helps = |layer, explicit| Denial { layer, explicit }.statement_helps();
        assert!(helps(None, false) && helps(Some(Layer::IdentityBased), false));
        for layer in LAYERS {
            assert!(!helps(Some(layer), true), "an Allow does not override a Deny");
            assert_eq!(helps(Some(layer), false), layer == Layer::IdentityBased);
            let advice = Denial { layer: Some(layer), explicit: true }.advice();
            assert!(
                advice.contains("An Allow does not override a Deny") && !advice.contains("this statement"),
                "{advice}"
            );
        }
    }

    #[test]
    fn the_policy_statement_is_json() {
        let statement = policy_statement("arn:aws:cloudfront::123456789012:distribution/E1");
        let json: serde_json::Value = serde_json::from_str(&statement).unwrap();
        assert_eq!(json["Resource"], "arn:aws:cloudfront::123456789012:distribution/E1");
    }
}
