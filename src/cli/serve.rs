//! `unstale serve`

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

use crate::{
    app::{self, App, AppError},
    clock::Clock,
    cloudfront::{
        AwsEnvironment, CloudFront, CloudTrail, CloudWatch, Connect, PricingPlanManager, Publisher, S3,
    },
    commands,
    config::{REQUEST_TIMEOUT, ServeArgs, Switch},
    domain::invalidations::{queue::Throughput, quotas::Quotas},
    heartbeats::Heartbeats,
    http::{HttpOptions, Rate},
    identity::oidc::Oidc,
    outgoing::OutgoingProxies,
};

use super::{CliError, log, output::Announcer, service_manager, signals};

/// The number of open files to ask for: one for each connection, and those of the rest of the service.
const OPEN_FILES: u64 = 8_192;

/// Logged if the link for the first account could not be printed. The link itself is a secret and is never logged.
const LINK_UNTOLD: &str = "the link for the first account could not be printed; start again with a standard output \
                           that can be written, or make the account with `unstale user add`";

pub async fn run(args: ServeArgs) -> Result<(), CliError> {
    let traces = args.otlp.start()?;
    let _log = log::start(&args.log, traces.as_ref())?;
    OutgoingProxies::from_environment()?.log();
    let authentication_methods =
        args.authentication_methods.authentication_methods(args.public_url.as_deref())?;
    let tickets = args.tickets.tickets()?;
    let metrics = args.metrics.start()?;
    if let Some(oidc) = authentication_methods.oidc.clone() {
        // This runs in its own task, so that a provider that does not answer does not delay the start.
        tokio::spawn(async move { look(&oidc).await });
    }
    let stop = signals::stop_token()?;
    let aws = AwsEnvironment::read().await?;
    let cloudfront = CloudFront::from_environment(&aws, Connect::default());
    let settings = args.pace.worker_settings();
    let cloudtrail = args.cloudtrail.then(|| CloudTrail::from_environment(&aws, Connect::default()));
    let measures = args.cloudwatch == Switch::On;
    let cloudwatch = measures.then(|| CloudWatch::from_environment(&aws, Connect::default())).flatten();
    let pricing_plan_manager = PricingPlanManager::from_environment(&aws, Connect::default());
    let s3 = S3::from_environment(&aws)?;
    let app = App::open(&args.database.database, cloudfront, settings, stop.clone()).await?;
    let quotas = Quotas { daily_items: (args.daily_items > 0).then_some(args.daily_items) };
    let app = app
        .with_quotas(quotas)
        .with_cloudtrail(cloudtrail)
        .with_cloudwatch(cloudwatch)
        .with_pricing_plan_manager(pricing_plan_manager)
        .with_s3(s3)
        .with_audit_settings(&args.audit)?
        .with_backups(&args.backup)?
        .with_secrets_key(&args.secrets)?
        .with_notifications(&args.notifications, args.public_url.clone())?
        .with_publisher(Publisher::from_environment(&aws, Connect::default()))
        .with_checks(&args.checks)?;
    commands::record_authentication_methods(&app.command_context, &authentication_methods.lines())
        .await
        .map_err(AppError::from)?;
    raise_open_files();
    let metrics_listener = match args.metrics.metrics_listen {
        Some(address) => Some(app::listen(address).await?),
        None => None,
    };
    let metrics_address = metrics_listener.as_ref().map(TcpListener::local_addr).transpose()?;
    let app = app.with_metrics_listener(metrics_listener);
    let listener = app::listen(args.listen).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let base = args.public_url.clone().unwrap_or_else(|| address.clone());
    announce(&address, metrics_address, app.set_up_link(&base).await?)?;
    let options = HttpOptions {
        public_url: args.public_url,
        throughput: Throughput { limits: settings.limits, create: settings.create },
        timeout: REQUEST_TIMEOUT,
        rate: Rate::new(args.request_rate),
        authentication_methods,
        tickets,
        demo: None,
        are_checks_on: true,
        heartbeats: Heartbeats::default(),
        backups: None,
        metrics,
    };
    service_manager::tell(stop);
    app.run(listener, options).await;
    if let Some(traces) = traces {
        traces.finish().await;
    }
    Ok(())
}

/// Prints the link for the first account if there is none yet, that the service is ready, and where metrics are.
fn announce(address: &str, metrics: Option<SocketAddr>, link: Option<String>) -> io::Result<()> {
    let announcer = Announcer::start()?;
    if let Some(link) = link {
        let told = announcer.announce(&format!(
            "There is no account yet. Open this link to make the first one; it works once:\n  {link}"
        ));
        if !told {
            tracing::warn!("{LINK_UNTOLD}");
        }
    }
    announcer.announce(&format!("Unstale is ready at {address}"));
    if let Some(metrics) = metrics {
        announcer.announce(&format!("Metrics are at http://{metrics}/metrics"));
    }
    Ok(())
}

async fn look(oidc: &Oidc) {
    if let Err(error) = oidc.look(Clock::system().now()).await {
        tracing::warn!(%error, "the OpenID Connect provider cannot be reached; it is tried again at each sign-in");
    }
}

/// Raises the limit on open files. Each connection needs one, and the soft limit on most machines is far below the
/// hard limit.
fn raise_open_files() {
    if let Err(error) = rlimit::increase_nofile_limit(OPEN_FILES) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
