// Span, attribute and event names of the system that breakfix-pipeline is modelled on: those in its document on tracing, and those that its
// design record and its public code add. A test compares them with the names that a run records.

const words = (text: string): readonly string[] =>
  text
    .split(/\s+/)
    .filter(Boolean)
    .map((name) => name.replace('HTTP_', 'HTTP '));

/** Named by the document. */
export const DOCUMENT = words(`
  HealthEvents.insert HealthEvents.update HealthEvents.find node_drainer.drain_session fault_remediation.skip_event
  HTTP_GET HTTP_PUT HTTP_DELETE
  service.name health_event.id error.type error.message
  node_drainer.drain.scope fault_remediation.log_collector.outcome fault_remediation.skip.reason
  janitor.reset_job.failed janitor.error.type
  db.duration_ms db.operation.name db.collection.name db.system.name network.peer.address
  url.full http.response.status_code http.request.method
`);

/** Named by the design record or the code besides. */
export const DESIGN = words(`
  health_event.node_name health_event.check_name health_event.agent health_event.is_fatal health_event.is_healthy
  health_event.recommended_action health_event.message
  health_event_status.user_pod_eviction.status health_event_status.fault_remediated health_event_status.node_quarantined
  health_event_status.quarantine_finish_timestamp health_event_status.user_pod_eviction.message

  platform_connector.receive_event platform_connector.process_event platform_connector.db.insert
  platform_connector.k8s.update_node_condition platform_connector.k8s.node_condition.updated
  platform_connector.k8s.fetch_and_process_health_metric platform_connector.store.fetch_and_process_health_metric
  platform_connector.store.batch_event_count platform_connector.k8s.batch_event_count platform_connector.pipeline.process
  platform_connector.grpc.event_received platform_connector.grpc.events_count platform_connector.grpc.duration_ms
  platform_connector.db.operation platform_connector.db.duration_ms
  platform_connector.error.type platform_connector.error.message

  fault_quarantine.event_received fault_quarantine.process_event fault_quarantine.handle_event
  fault_quarantine.handle_already_quarantined_node fault_quarantine.evaluate_rulesets fault_quarantine.rule_evaluation_error
  fault_quarantine.apply_quarantine fault_quarantine.action.cordon fault_quarantine.action.taint fault_quarantine.perform_uncordon
  fault_quarantine.db.update_status fault_quarantine.event.status fault_quarantine.event.processing_status
  fault_quarantine.skip.reason fault_quarantine.ruleset.override
  fault_quarantine.circuit_breaker.state fault_quarantine.circuit_breaker.tripped
  fault_quarantine.manual_uncordon fault_quarantine.node_name
  fault_quarantine.cancel_latest_quarantining_events fault_quarantine.cancel.reason
  fault_quarantine.error.type fault_quarantine.error.message

  node_drainer.enqueue_event node_drainer.set_initial_status_and_enqueue node_drainer.process_event node_drainer.evaluate_event
  node_drainer.execute_action node_drainer.execute_skip node_drainer.execute_mark_already_drained
  node_drainer.execute_update_status node_drainer.execute_cancel_status node_drainer.update_node_drain_status
  node_drainer.update_user_pods_eviction_status node_drainer.db.update_status node_drainer.eviction_status
  node_drainer.reconciler.status node_drainer.reconciler.skip.type node_drainer.reconciler.skip.reason node_drainer.drain.result
  node_drainer.partial_drain.entity_type node_drainer.partial_drain.entity_value
  node_drainer.immediate_eviction_pods node_drainer.allow_completion_pods node_drainer.delete_after_timeout_pods
  node_drainer.immediate_eviction_duration_s node_drainer.allow_completion_duration_s node_drainer.delete_after_timeout_duration_s
  node_drainer.force_deleted_pods node_drainer.pods_force_deleted_count node_drainer.timeout_minutes node_drainer.k8s.action
  node_drainer.execute_custom_drain node_drainer.delete_custom_drain_cr node_drainer.custom_cr.name
  node_drainer.custom_cr.created node_drainer.custom_cr.status node_drainer.custom_cr.deleted
  node_drainer.error.type node_drainer.error.message

  fault_remediation.event_received fault_remediation.reconcile fault_remediation.log_collector
  fault_remediation.log_collector.node fault_remediation.log_collector.event_id fault_remediation.log_collector.job_name
  fault_remediation.log_collector.duration_seconds fault_remediation.create_maintenance_resource fault_remediation.cr.name
  fault_remediation.remediation_cr_created fault_remediation.cancellation_event fault_remediation.remediation_finished
  fault_remediation.remediation_status_updated fault_remediation.error.type fault_remediation.error.message

  health_events_analyzer.process_health_event health_events_analyzer.grpc.publish
  analyzer.process_event analyzer.handle_event analyzer.evaluate_rule analyzer.publish_matched_event analyzer.publish

  event_exporter.process_event event_exporter.transform.success event_exporter.transform.duration_ms
  event_exporter.transform.error event_exporter.publish_with_retry event_exporter.publish event_exporter.publish.status
  event_exporter.publish.retry_count event_exporter.publish.duration_ms event_exporter.publish.error_type
  event_exporter.backfill.in_progress event_exporter.backfill.events_processed event_exporter.backfill.duration_ms
  event_exporter.error.type event_exporter.error.message

  janitor.gpureset.reset_session janitor.gpureset.reconcile janitor.gpureset.reconcileDelete
  janitor.gpureset.reconcileTerminalFailure janitor.gpureset.tearDownServices janitor.gpureset.checkJobStatus
  janitor.gpureset.restoreServices create_job get_or_create_job
  janitor.gpureset.name janitor.gpureset.node janitor.gpureset.phase janitor.gpureset.condition janitor.gpureset.reason
  janitor.gpureset.gpu_uuids janitor.gpureset.pci_bus_ids janitor.gpureset.processing_status
  janitor.gpureset.completion_time janitor.gpureset.failure_reason janitor.gpureset.failure_message
  janitor.gpureset.duration_seconds janitor.node_lock.acquired janitor.node_lock.node
  janitor.services.teardown.success janitor.services.restore.success
  janitor.reset_job.created janitor.reset_job.name janitor.reset_job.completed janitor.error.message

  janitor.rebootnode.reboot_session janitor.rebootnode.reconcile janitor.rebootnode.name janitor.rebootnode.node
  janitor.rebootnode.signal_sent janitor.rebootnode.request_ref janitor.rebootnode.node_ready janitor.rebootnode.reason
  janitor.rebootnode.time_to_ready_seconds janitor.rebootnode.duration_seconds janitor.rebootnode.status

  janitor.terminatenode.terminate_session janitor.terminatenode.reconcile janitor.terminatenode.name janitor.terminatenode.node
  janitor.terminatenode.signal_sent janitor.terminatenode.node_terminated janitor.terminatenode.node_deleted
  janitor.terminatenode.duration_seconds janitor.terminatenode.status

  janitor.externalremediationrequest.reconcile extrr.name extrr.namespace extrr.node extrr.recommended_action extrr.branch

  janitor_provider.SendRebootSignal janitor_provider.IsNodeReady janitor_provider.SendTerminateSignal
  janitor_provider.reboot.sent janitor_provider.reboot.node janitor_provider.reboot.request_ref janitor_provider.reboot.duration_ms
  janitor_provider.node_ready.ready janitor_provider.terminate.sent janitor_provider.terminate.node
  janitor_provider.terminate.request_ref janitor_provider.error.type janitor_provider.error.message
`);

/** Names that the sample does not record, by the reason. */
export const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'PostgreSQL has no operation of that name; it is HealthEvents.select': ['HealthEvents.find'],
  'the duration is that of the span': words(`
    platform_connector.grpc.duration_ms platform_connector.db.duration_ms event_exporter.transform.duration_ms
    event_exporter.publish.duration_ms event_exporter.backfill.duration_ms janitor_provider.reboot.duration_ms
    fault_remediation.log_collector.duration_seconds node_drainer.immediate_eviction_duration_s
    node_drainer.allow_completion_duration_s node_drainer.delete_after_timeout_duration_s
  `),
  'no scenario makes that module fail': words(`
    node_drainer.error.type node_drainer.error.message janitor_provider.error.type janitor_provider.error.message
  `),
  'recorded under another name': words(`
    platform_connector.receive_event platform_connector.grpc.event_received fault_quarantine.event_received
    fault_quarantine.handle_event fault_quarantine.handle_already_quarantined_node node_drainer.enqueue_event
    node_drainer.set_initial_status_and_enqueue node_drainer.db.update_status node_drainer.eviction_status
    node_drainer.drain.result node_drainer.evaluate_event node_drainer.execute_action node_drainer.execute_mark_already_drained
    node_drainer.execute_update_status fault_remediation.event_received fault_remediation.remediation_cr_created
    health_event_status.node_quarantined health_events_analyzer.grpc.publish analyzer.process_event analyzer.handle_event
    analyzer.evaluate_rule analyzer.publish_matched_event analyzer.publish event_exporter.transform.error
    event_exporter.publish.error_type get_or_create_job janitor.gpureset.processing_status janitor.gpureset.phase
    janitor.gpureset.reason janitor.gpureset.failure_message janitor.gpureset.completion_time
    janitor.gpureset.reconcileTerminalFailure janitor.rebootnode.reason
  `),
  'the sample has no such step': words(`
    health_event_status.quarantine_finish_timestamp health_event_status.user_pod_eviction.message
    platform_connector.k8s.fetch_and_process_health_metric platform_connector.store.fetch_and_process_health_metric
    platform_connector.store.batch_event_count platform_connector.k8s.batch_event_count platform_connector.pipeline.process
    fault_quarantine.rule_evaluation_error fault_quarantine.ruleset.override node_drainer.execute_skip
    node_drainer.update_node_drain_status node_drainer.reconciler.status node_drainer.reconciler.skip.type
    node_drainer.reconciler.skip.reason node_drainer.allow_completion_pods node_drainer.delete_after_timeout_pods
    node_drainer.force_deleted_pods node_drainer.pods_force_deleted_count node_drainer.timeout_minutes node_drainer.k8s.action
    event_exporter.backfill.in_progress janitor.gpureset.reconcileDelete janitor.gpureset.pci_bus_ids extrr.namespace
  `),
};
