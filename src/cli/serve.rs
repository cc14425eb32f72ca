//! `unstale serve`

use crate::{
    app::{self, App},
    cloudfront::{CloudFront, Connect},
    config::{REQUEST_TIMEOUT, ServeArgs},
    web::Options,
};

use super::{CliError, log, say, signals};

pub async fn run(args: ServeArgs) -> Result<(), CliError> {
    log::start(&args.log)?;
    let tickets = args.tickets.tickets()?;
    let stop = signals::stop_token()?;
    let cloudfront = CloudFront::from_environment(Connect::default()).await;
    let settings = args.pace.worker_settings();
    let app = App::open(&args.database.database, cloudfront, settings, stop).await?.sealed(&args.audit)?;
    let listener = app::listen(args.listen).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let base = args.public_url.clone().unwrap_or_else(|| address.clone());
    if let Some(link) = app.set_up_link(&base).await? {
        say(&format!(
            "There is no account yet. Open this link to make the first one; it works once:\n  {link}"
        ));
    }
    say(&format!("Unstale is ready at {address}"));
    let options = Options {
        public_url: args.public_url,
        limits: settings.limits,
        create: settings.create,
        timeout: REQUEST_TIMEOUT,
        tickets,
        demo: None,
    };
    app.run(listener, options).await;
    Ok(())
}
