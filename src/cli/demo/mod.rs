//! `unstale demo`: the service, a CloudFront stand-in and a site to change, on loopback only.

mod first_weeks;
mod secrets_key;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use cloudfront_sandbox::{Config, Fault, FaultKind, Sandbox};

use crate::{
    app::{self, App},
    cloudfront::{CloudFront, CloudWatch, Connect, PricingPlanManager},
    commands::{self, CommandContext, CommandError},
    config::{AuditSettingsArgs, ChecksArgs, LogArgs, NotificationArgs, REQUEST_TIMEOUT, Switch},
    domain::{
        access::Role,
        actor::{Acting, Origin},
        invalidations::{pace::Pace, queue::Throughput},
        notifications::AllowedNetworks,
        sign_in::person::{Email, Person, PersonError},
    },
    edge::Place,
    heartbeats::Heartbeats,
    http::authentication_methods::AuthenticationMethods,
    http::{Demo, HttpOptions, Rate},
    workers::WorkerSettings,
};

use super::{CliError, log, output::Announcer, signals};

/// The distribution of the demo's example site, the workshop.
const SITE: &str = "E2QWRUHAPOMQZL";
/// A busy site whose hit rate is not measured, and one on a flat-rate plan.
const SHOP: &str = "E1SHOP7K2M4NQX";
const DOCS: &str = "E3DOCS5V8W1RTY";
/// How long the stand-in takes to accept an invalidation.
const ACCEPTING: Duration = Duration::from_millis(400);
const EMAIL: &str = "demo@localhost";

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The address to listen on; it must be a loopback one. Port 0 takes any free one.
    #[arg(long, env = "UNSTALE_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder for the sites, the stand-in's state and the database. It is kept between runs.
    #[arg(long, default_value = "unstale-demo")]
    data: PathBuf,
    /// How long an invalidation takes, in seconds.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    complete_after: u64,
    /// Begin a new folder without the two weeks of history that the demo otherwise makes up for it.
    #[arg(long)]
    empty: bool,
    #[command(flatten)]
    log: LogArgs,
}

pub async fn run(args: DemoArgs) -> Result<(), CliError> {
    if !args.listen.ip().is_loopback() {
        return Err(
            "the demo signs anybody in, so it listens on loopback only, such as 127.0.0.1:8080".into()
        );
    }
    let complete_after = Duration::from_secs(args.complete_after);
    if !args.empty && first_weeks::is_new(&args.data)? {
        Box::pin(first_weeks::make(&args.data, complete_after)).await?;
    }
    // What happened in those weeks is not logged as if it happened now.
    let _log = log::start(&args.log, None)?;
    std::fs::create_dir_all(&args.data)
        .map_err(|error| format!("the folder {} cannot be made: {error}", args.data.display()))?;
    let data = args.data.canonicalize()?;
    let stop = signals::stop_token()?;
    // The lock on the database comes first, so that the stand-in cannot write into the state of another running
    // demo.
    let database = database_in(&data);
    let sandbox_address = app::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?.local_addr()?;
    let (stand_in, connect) = (format!("http://{sandbox_address}"), Connect::default());
    let cloudfront = CloudFront::at(&stand_in, "demo", "demo", connect);
    let settings = worker_settings();
    let app = App::open(&database, cloudfront, settings, stop)
        .await?
        .with_cloudwatch(Some(CloudWatch::at(&stand_in, "demo", "demo", connect)))
        .with_pricing_plan_manager(Some(PricingPlanManager::at(&stand_in, "demo", "demo", connect)))
        .with_audit_settings(&AuditSettingsArgs::default())?;
    let sandbox = start_sandbox(sandbox_config(&data, sandbox_address, complete_after)).await?;
    let edge = Some(Place::parse(&sandbox.edge_url())?);
    let listener = app::listen(args.listen).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let app = app
        .with_secrets_key(&secrets_key::in_folder(&data)?)?
        .with_notifications(&notifications()?, Some(address.clone()))?
        .with_checks(&ChecksArgs { checks: Switch::On, edge })?;
    add_demo_person(&app.command_context).await?;
    Announcer::start()?.announce(&welcome(&address, &sandbox, &data));
    let options = HttpOptions {
        public_url: None,
        throughput: Throughput { limits: settings.limits, create: settings.create },
        timeout: REQUEST_TIMEOUT,
        rate: Rate::default(),
        authentication_methods: AuthenticationMethods::default(),
        tickets: None,
        demo: Some(example_site(&sandbox)?),
        are_checks_on: true,
        heartbeats: Heartbeats::default(),
        backups: None,
        metrics: None,
    };
    app.run(listener, options).await;
    sandbox.stop().await;
    Ok(())
}

/// Channels may also be on this machine, so that somebody can look at what a program gets.
fn notifications() -> Result<NotificationArgs, CliError> {
    let loopback = AllowedNetworks::parse("127.0.0.0/8,::1")?;
    Ok(NotificationArgs { notification_networks: Some(loopback), ..NotificationArgs::default() })
}

fn database_in(data: &Path) -> String {
    format!("sqlite://{}", data.join("unstale.db").display())
}

/// The workers go on faster than with AWS, so that nobody waits for the stand-in.
fn worker_settings() -> WorkerSettings {
    WorkerSettings { create: Pace::new(5.0, 20), read: Pace::new(50.0, 100), ..WorkerSettings::default() }
}

fn sandbox_config(data: &Path, api: SocketAddr, complete_after: Duration) -> Config {
    Config {
        api,
        complete_after,
        journal: Some(data.join("cloudfront.jsonl")),
        ..Config::new(data.join("sites"))
    }
}

async fn start_sandbox(config: Config) -> Result<Sandbox, CliError> {
    let sandbox = Sandbox::start(config).await?;
    for mut distribution in sandbox.distributions() {
        match distribution.id.as_str() {
            SITE => (distribution.requests_a_minute, distribution.hit_rate) = (5_220, Some(96)),
            SHOP => distribution.requests_a_minute = 840,
            DOCS => distribution.flat_rate_plan = Some("PRO".to_owned()),
            _ => continue,
        }
        sandbox.add_distribution(distribution)?;
    }
    // As CloudFront does, it takes a moment to accept. The looks before an invalidation need it.
    sandbox.set_faults(vec![Fault::new("CreateInvalidation", FaultKind::Slow).delay(ACCEPTING)]);
    Ok(sandbox)
}

fn example_site(sandbox: &Sandbox) -> Result<Demo, CliError> {
    let folder = sandbox.origin_of(SITE).ok_or("the stand-in lacks its first site")?;
    let edge_url = sandbox.edge_url_of(SITE).ok_or("the stand-in lacks its first site")?;
    let edge = sandbox.edge_url().trim_start_matches("http://").parse()?;
    Ok(Demo {
        edge_url,
        edge,
        host: format!("{}.localhost", SITE.to_lowercase()),
        folder,
        distribution: SITE.to_owned(),
        email: EMAIL.to_owned(),
    })
}

/// Adds the account that the button signs in.
async fn add_demo_person(context: &CommandContext) -> Result<(), CliError> {
    match add_person(context, &Email::parse(EMAIL)?, Role::Admin).await {
        Ok(_) | Err(CommandError::Person(PersonError::Exists)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Adds an account. Its password is random and not stored, so that nobody can sign in with it.
async fn add_person(context: &CommandContext, email: &Email, role: Role) -> Result<Person, CommandError> {
    let acting =
        Acting { origin: Origin { sign_in: "demo".to_owned(), ..Origin::default() }, ..Acting::service() };
    let password = commands::new_secret()?;
    commands::add_person(context, &acting, email, role, password.reveal()).await
}

fn welcome(address: &str, sandbox: &Sandbox, data: &Path) -> String {
    let edge = sandbox.edge_url_of(SITE).unwrap_or_default();
    format!(
        "Unstale's demo is ready. Open {address} and press \"Sign in to the demo\".\n\n  \
         the site at the edge   {edge}\n  \
         its folder             {}\n  \
         CloudFront stand-in    {}\n  \
         kept between runs in   {}\n\n\
         Ctrl-C ends it.",
        sandbox.origin_of(SITE).unwrap_or_default().display(),
        sandbox.api_url(),
        data.display(),
    )
}
