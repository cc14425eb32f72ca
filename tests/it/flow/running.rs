//! The workers as the service runs them: woken by the notifier, ended by the stop.

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use unstale::{
    heartbeats::Heartbeats,
    workers::{self, Submitter},
};

use crate::support::World;

#[tokio::test]
async fn a_press_of_the_button_wakes_the_submitter() {
    let world = World::new().await;
    let stop = CancellationToken::new();
    let running = {
        let (worker_context, stop) = (world.worker_context.clone(), stop.clone());
        tokio::spawn(async move {
            let submitter = Submitter::new(worker_context.clone());
            let notifier = Mutex::new(worker_context.notifier.listen());
            let (claim, finish) = (|| submitter.claim(), |work| submitter.finish(work));
            workers::run_in_turn(
                "submitter",
                &Heartbeats::default(),
                &worker_context.clock,
                &notifier,
                &stop,
                claim,
                finish,
            )
            .await;
        })
    };
    let mut notifier = world.command_context.notifier.listen();
    let id = world.request("/a").await;
    while world.batch_state(&id).await != "in_progress" {
        notifier.notified().await;
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}
