package tenant

// alertInfoStreams give one row of an alert, and of some a second one later.
func alertInfoStreams(t *table) []*stream {
	return alertStream(t, func(r *row, a *alert, emit func() bool) bool {
		first := a.raised + t.tenant.alertDelay(derive(a.key, 0))
		// evidence counts the rows of the alert: 1 is the update.
		r.key, r.evidence, r.event, r.ingestion = derive(a.key, 0), 0, a.raised, first
		r.visible = r.ingestion + visibleLag(r.key, &t.tenant.cfg)
		if !emit() {
			return false
		}
		if again, _ := a.updated(); !again {
			return true
		}
		later := between(derive(a.key, drawUpdate), minUpdate, maxUpdate)
		r.key, r.evidence, r.event, r.ingestion = derive(a.key, 1), 1, a.raised+later, first+later
		r.visible = r.ingestion + visibleLag(r.key, &t.tenant.cfg)
		return emit()
	})
}

// alertChanged reports whether the row says something that the alert's first row did not.
func alertChanged(r *row) bool {
	_, changed := r.alert.updated()
	return changed && r.evidence == 1
}

// alertBlank reports whether the row leaves its details to the evidence; few do.
func alertBlank(r *row) bool { return below(derive(r.alert.key, drawBlank), 20) == 0 }

// ofAlert gives a column of AlertInfo that some rows leave empty.
func ofAlert(f func(*row) string) valueFunc {
	return text(func(r *row) string {
		if alertBlank(r) {
			return ""
		}
		return f(r)
	})
}

func alertTitle(r *row) string {
	if alertChanged(r) {
		return r.alert.kind.title + " on multiple endpoints"
	}
	return r.alert.kind.title
}

func alertSeverity(r *row) string {
	if alertChanged(r) {
		return "High"
	}
	return r.alert.kind.severity
}

var alertInfoColumns = valueFuncs{
	"Timestamp":        recordColumns["Timestamp"],
	"AlertId":          text(func(r *row) string { return r.alert.id }),
	"Title":            text(alertTitle),
	"Category":         text(func(r *row) string { return r.alert.kind.category }),
	"Severity":         ofAlert(alertSeverity),
	"ServiceSource":    text(func(r *row) string { return r.alert.kind.service }),
	"DetectionSource":  ofAlert(func(r *row) string { return r.alert.kind.detection }),
	"AttackTechniques": ofAlert(func(r *row) string { return r.alert.kind.techniques }),
}
