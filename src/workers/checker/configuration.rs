//! What the store knows of a distribution's configuration, for telling causes apart.

use url::Url;

use crate::domain::{
    checks::{EdgeConfiguration, OriginKind, bucket_of},
    distributions::distribution::Distribution,
};

/// The facts for one URL of a distribution.
pub(super) fn configuration(distribution: &Distribution, url: &str) -> EdgeConfiguration {
    let config = distribution.config.as_ref();
    let delivery = config.map(|config| &config.delivery).filter(|delivery| !delivery.behaviors.is_empty());
    let path = Url::parse(url).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
    let behavior = delivery.and_then(|delivery| delivery.behavior_of(&path));
    let origin = match (behavior, &distribution.origins[..]) {
        (Some(behavior), _) => behavior.origin.as_deref(),
        // With several origins, the behaviours decide which one a URL has.
        (None, [origin]) => Some(origin.as_str()),
        (None, _) => None,
    };
    let account = distribution.account();
    EdgeConfiguration {
        distribution: Some(distribution.id.to_string()),
        account: (!account.is_empty()).then(|| account.to_owned()),
        enabled: Some(distribution.enabled),
        deploying: Some(distribution.status != "Deployed"),
        hosts: Some(distribution.names().map(str::to_owned).collect()),
        web_acl: delivery.map(|delivery| delivery.web_acl),
        country_restriction: delivery.map(|delivery| delivery.country_restriction),
        signed_required: behavior.map(|behavior| behavior.signed_required),
        client_certificate_required: delivery.map(|delivery| delivery.client_certificate_required),
        custom_errors: delivery.map(|delivery| delivery.custom_errors.clone()).unwrap_or_default(),
        default_root_object: config.map(|config| config.root_object.clone().unwrap_or_default()),
        origin: origin.map(OriginKind::of),
        bucket: origin.and_then(bucket_of).map(str::to_owned),
        min_ttl: behavior.and_then(|behavior| behavior.min_ttl),
        allowed_methods: behavior
            .map(|behavior| behavior.allowed_methods.clone())
            .filter(|methods| !methods.is_empty()),
        ..EdgeConfiguration::default()
    }
}
