package pipelinecheck

// What becomes of the receiver's feeds, and of alerts that come in two ways.
var feedRules = []rule{
	{
		name: "feed_audit_off", effect: Loses,
		where: func(f *flow) []string {
			var paths []string
			for _, feed := range f.audited() {
				if f.source.duration(feed+"::audit::interval") == 0 || f.source.duration(feed+"::audit::window") == 0 {
					paths = append(paths, joinKeys(f.source.path(), feed+"::audit"))
				}
			}
			return paths
		},
		why:    "no audit: what becomes visible later than the feed's overlap, and evidence that is added without a new time, is never found",
		remedy: "leave the feed's audit at its defaults (interval 1h, window 24h), or set both above 0",
	},
	{
		name: "feed_beside_events", effect: Notes,
		where:  feedsThrough("pass"),
		why:    "total_normalize makes no events of this feed's records: they go to the same destination as they came, beside the TOTAL events",
		remedy: "if the destination takes TOTAL events alone, read the feed by a pipeline of its own; of alerts_v2, `alerts: graph` makes events",
	},
	{
		name: "feed_dropped", effect: Notes,
		where:  feedsThrough("drop"),
		why:    "total_normalize makes no events of this feed's records, and drops them: they count as delivered, and are at no destination of this pipeline",
		remedy: "other_records: pass, or a pipeline of its own for the feed; of alerts_v2, `alerts: graph` makes events",
	},
	{
		name: "alerts_without_feed", effect: Loses,
		where: passing(typeTotalNormalize).at("alerts", func(c *configured, f *flow) bool {
			return isOfGraph(c) && !f.source.truth(alertsFeed+"::enabled")
		}),
		why:    "alerts become events from the feed alerts_v2 alone, which this source does not bring, and rows of the table Alerts are dropped: there are no events of alerts",
		remedy: "feeds: {alerts_v2: {enabled: true}} in the receiver, or alerts: hunting",
	},
	{
		name: "alerts_read_in_vain", effect: Notes,
		where: passing(typeTotalNormalize).at("alerts", func(c *configured, f *flow) bool {
			return isOfGraph(c) && f.source.truth("tables::Alerts::enabled")
		}),
		why:    "rows of the table Alerts are read and dropped, because alerts become events from the feed alerts_v2: they cost queries of the tenant's quota",
		remedy: "tables: {Alerts: {enabled: false}} in the receiver",
	},
}

const (
	alertsFeed    = "feeds::alerts_v2"
	incidentsFeed = "feeds::incidents"
	scoresFeed    = "feeds::secure_scores"
)

// isOfGraph: this processor makes events of alerts of Graph.
func isOfGraph(c *configured) bool { return c.text("alerts") == "graph" }

// audited are the keys of the source's feeds that are enabled and have an audit to be set.
func (f *flow) audited() []string { return f.enabled(alertsFeed, incidentsFeed) }

// feeds are the keys of the source's feeds that are enabled.
func (f *flow) feeds() []string { return f.enabled(alertsFeed, incidentsFeed, scoresFeed) }

func (f *flow) enabled(feeds ...string) []string {
	var enabled []string
	for _, feed := range feeds {
		if f.source.truth(feed + "::enabled") {
			enabled = append(enabled, feed)
		}
	}
	return enabled
}

// feedsThrough finds feeds of which a total_normalize makes no events, by what it does to other records.
func feedsThrough(otherRecords string) func(*flow) []string {
	return func(f *flow) []string {
		var paths []string
		for _, feed := range f.feeds() {
			for _, c := range only(f.passed, []string{typeTotalNormalize}) {
				if c.text("other_records") == otherRecords && (feed != alertsFeed || !isOfGraph(c)) {
					paths = append(paths, joinKeys(f.source.path(), feed))
				}
			}
		}
		return paths
	}
}
