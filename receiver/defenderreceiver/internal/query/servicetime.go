package query

import "github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"

// withServiceNow adds the row that says the service's time. It is there even if there is no other row. In ascending
// order it is the first, because its columns are null.
func withServiceNow() kusto.Fragment {
	return kusto.Format("union (print ? = now())", kusto.Name(ServiceNow))
}

// withTime adds the service's time to each row of an answer that has few.
func withTime() kusto.Fragment { return kusto.Format("extend ? = now()", kusto.Name(ServiceNow)) }
