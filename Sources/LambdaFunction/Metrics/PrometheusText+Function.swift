package import LambdaMetrics

extension PrometheusText {
    /// Writes everything that a daemon knows of its function.
    ///
    /// The names of AWS's own metrics are in the help.
    package mutating func write(_ counts: FunctionCounts, _ status: FunctionStatus) {
        self.write(invocations: counts)
        self.write(status)
        self.write(counts.events)
    }

    private mutating func write(invocations counts: FunctionCounts) {
        self.family(
            "lambda_invocations_total", .counter,
            "Invocations that ran, whether they failed or not, attempts at events among them (AWS: Invocations).",
            counts.invocations)
        self.family(
            "lambda_errors_total", .counter, "Invocations that ended in a function error, by its cause (AWS: Errors).",
            samples: InvocationErrorKind.allCases.map { (["cause": $0.rawValue], counts.errors($0)) })
        self.family(
            "lambda_throttles_total", .counter,
            "Invocations that were refused since too many waited, or for too long (AWS: Throttles).", counts.throttles)
        self.family(
            "lambda_refused_total", .counter, "Invocations that were not run for another reason, by the error's type.",
            samples: counts.refusals.sorted { $0.key < $1.key }.map { (["error_type": $0.key], $0.value) })
        self.histograms(
            "lambda_duration_seconds",
            "From the delivery of an event to the runtime until its answer, without init (AWS: Duration).",
            [(.none, counts.duration)])
        self.histograms(
            "lambda_queue_wait_seconds", "From an invocation's arrival at the daemon until it had an environment.",
            [(.none, counts.queueWait)])
        self.histograms(
            "lambda_init_duration_seconds", "How long environments took to start (AWS: Init Duration of a report).",
            [(.none, counts.initDuration)])
        self.family(
            "lambda_init_errors_total", .counter, "Starts of an environment that failed.", counts.initErrors)
        self.family(
            "lambda_redeliveries_total", .counter,
            "Messages that RabbitMQ delivered again, after somebody had them and did not acknowledge.",
            counts.redeliveries)
        self.family(
            "lambda_returned_messages_total", .counter,
            "Messages that were given back to RabbitMQ unstarted, for another instance to run.", counts.handBacks)
    }

    private mutating func write(_ status: FunctionStatus) {
        self.family(
            "lambda_concurrent_executions", .gauge, "Invocations that run now (AWS: ConcurrentExecutions).",
            status.running)
        self.family("lambda_slots", .gauge, "Invocations that may run at a time.", status.slots)
        self.family(
            "lambda_free_slots", .gauge, "Invocations that could start now without waiting.", status.freeSlots)
        self.family(
            "lambda_waiting", .gauge, "What waits in the daemon for an environment.",
            samples: [(["type": "call"], status.waitingCalls), (["type": "event"], status.waitingEvents)])
        self.family(
            "lambda_environments", .gauge, "Execution environments by their state.",
            samples: [
                (["state": "serving"], status.servingEnvironments),
                (["state": "starting"], status.startingEnvironments),
                (["state": "stopped"], status.stoppedEnvironments),
                (["state": "leaving"], status.leavingEnvironments),
            ])
    }

    private mutating func write(_ events: EventCounts) {
        self.family(
            "lambda_async_events_received_total", .counter,
            "Events that came to this daemon for their first attempt (AWS: AsyncEventsReceived).", events.received)
        self.family(
            "lambda_async_events_succeeded_total", .counter, "Events that the function has succeeded with.",
            events.succeeded)
        self.family(
            "lambda_async_events_retried_total", .counter, "Attempts at events that failed and are made again.",
            events.retried)
        self.family(
            "lambda_async_events_deferred_total", .counter,
            "Events that could not be started and are tried again, which is no attempt.", events.backedOff)
        self.family(
            "lambda_async_events_dropped_total", .counter,
            "Events that were given up and are dead letters, by the reason (AWS: AsyncEventsDropped).",
            samples: [EventPolicy.Condition.retriesExhausted, .ageExceeded].map {
                (["condition": $0.rawValue], events.dropped[$0] ?? 0)
            })
        self.family(
            "lambda_dead_letter_errors_total", .counter,
            "Dead letters that the broker did not confirm (AWS: DeadLetterErrors); their events are delivered again.",
            events.deadLetterErrors)
        self.family(
            "lambda_destination_delivery_failures_total", .counter,
            "Records of events that their destination did not take (AWS: DestinationDeliveryFailures).",
            events.destinationErrors)
        self.histograms(
            "lambda_async_event_age_seconds",
            "How long events had been accepted when an attempt began (AWS: AsyncEventAge).", [(.none, events.age)])
    }
}
