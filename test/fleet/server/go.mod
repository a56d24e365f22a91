module spanwright.test/opamp

go 1.25.0

require github.com/open-telemetry/opamp-go v0.23.0
