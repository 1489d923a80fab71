package security

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// scoreDays is how long the service holds the scores.
const scoreDays = 90

// ScoreConfig sizes the generated Secure Score.
type ScoreConfig struct {
	Seed     uint64
	TenantID string
	// Controls is how many profiles there are; 0: there is no score. Most have a score, some are deprecated, and some scores
	// have no profile.
	Controls int
}

// scoreTenant makes scores and profiles out of a seed.
type scoreTenant struct {
	ScoreConfig
	list []control
}

// control is one control of the tenant, as both lists tell it.
type control struct {
	id, category, title string
	max                 float64
	profiled, scored    bool
	deprecated          bool
	state               string
}

// categoryShares are the categories, each as often as its share of a real catalog.
var categoryShares = []struct {
	name  string
	share int
}{{"Apps", 9}, {"Data", 3}, {"Device", 12}, {"Identity", 5}, {"Infrastructure", 1}}

// controlTitles are what titles are made of. The first ones are those that tables of techniques match.
var controlTitles = []string{
	"Ensure multifactor authentication is enabled for all users in administrative roles",
	"Block legacy authentication",
	"Use Conditional Access to protect user risk",
	"Block executable content from email client and webmail",
	"Block all Office applications from creating child processes",
	"Block Office applications from injecting code into other processes",
	"Block JavaScript or VBScript from launching downloaded executable content",
	"Block execution of potentially obfuscated scripts",
	"Use advanced protection against ransomware",
	"Block credential stealing from the Windows local security authority subsystem (lsass.exe)",
	"Turn on real-time protection", "Set 'Minimum password length' to '14 or more characters'",
	"Ensure the 'Password expiration policy' is set to 'Set passwords to never expire'", "Disable the local storage of passwords",
	"Create an OAuth app policy to notify you about new OAuth applications", "Publish data loss prevention policies",
	"Turn on Microsoft Defender for Office 365 in SharePoint, OneDrive, and Microsoft Teams",
}

// The shares of controls that are out of the ordinary: one in so many.
const (
	deprecatedEach = 17
	unscoredEach   = 13
	strayEach      = 60 // scores without a profile
	touchedEach    = 11 // a person has set the state
)

func newScoreTenant(c ScoreConfig) *scoreTenant {
	t := &scoreTenant{ScoreConfig: c}
	r := rand.New(rand.NewPCG(c.Seed, 18))
	for i := range c.Controls {
		one := control{
			id: controlID(i), category: categoryOf(i), title: controlTitles[i%len(controlTitles)], max: float64(1 + r.IntN(10)),
			profiled: true, deprecated: i%deprecatedEach == deprecatedEach-1, state: "Default",
		}
		if round := i / len(controlTitles); round > 0 {
			one.title += " (" + strconv.Itoa(round+1) + ")"
		}
		one.scored = !one.deprecated && i%unscoredEach != unscoredEach-1
		if i%touchedEach == touchedEach-1 {
			one.state = []string{"Ignored", "ThirdParty", "Reviewed"}[r.IntN(3)]
		}
		t.list = append(t.list, one)
	}
	for i := range c.Controls / strayEach {
		t.list = append(t.list, control{id: fmt.Sprintf("mdo_stray%d", i), category: categoryOf(i), max: float64(1 + r.IntN(5)), scored: true})
	}
	return t
}

// controlID has the forms of several products.
func controlID(i int) string {
	switch i % 3 {
	case 0:
		return "scid-" + strconv.Itoa(2000+i)
	case 1:
		return fmt.Sprintf("%d.MDA_Google_%d", 11770+i, i)
	default:
		return fmt.Sprintf("MFARegistrationV%d", i)
	}
}

func categoryOf(i int) string {
	all := 0
	for _, c := range categoryShares {
		all += c.share
	}
	i %= all
	for _, c := range categoryShares {
		if i -= c.share; i < 0 {
			return c.name
		}
	}
	panic("BUG: the shares of categories do not add up")
}

// days are the scores of the days that can be read now.
func (t *scoreTenant) days(now time.Time) []object {
	var all []object
	for ago := range scoreDays + 1 {
		midnight := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -ago)
		r := rand.New(rand.NewPCG(t.Seed, uint64(midnight.Unix())))
		// At which hour a day's object appears is not documented.
		if visible := midnight.Add(time.Duration(r.IntN(6*60)) * time.Minute); visible.After(now) {
			continue
		}
		id := t.TenantID + "_" + midnight.Format(time.DateOnly)
		all = append(all, object{id, version{created: StampOf(midnight), body: func() map[string]any { return t.score(id, midnight) }}})
	}
	return all
}

// score is the object of a day.
func (t *scoreTenant) score(id string, midnight time.Time) map[string]any {
	r := rand.New(rand.NewPCG(t.Seed, uint64(midnight.Unix())+1))
	controls := []any{}
	current, most := 0.0, 0.0
	for i, c := range t.list {
		if !c.scored {
			continue
		}
		total := 4 + i%20
		on := r.IntN(total + 1)
		share := float64(on) / float64(total)
		points := rounded(c.max * share)
		current, most = current+points, most+c.max
		controls = append(controls, map[string]any{
			"controlCategory": c.category, "controlName": c.id, "description": "<p>" + c.title + "</p>", "score": points,
			"scoreInPercentage": rounded(100 * share), "lastSynced": midnight.AddDate(0, 0, -2).Format(time.RFC3339),
			"implementationStatus": fmt.Sprintf("You have %d of %d users who don't have this control.", total-on, total),
			"count":                strconv.Itoa(total - on), "total": strconv.Itoa(total), "on": strconv.FormatBool(on == total),
		})
	}
	return map[string]any{
		"id": id, "azureTenantId": t.TenantID, "activeUserCount": 3, "licensedUserCount": 0, createdKey: midnight.Format(time.RFC3339),
		"currentScore": rounded(current), "maxScore": rounded(most), "enabledServices": []any{"HasExchange", "HasSharePoint", "HasTeams"},
		"averageComparativeScores": peers(r, most), "controlScores": controls, "openTypes2026": map[string]any{"any": nil},
		"vendorInformation": map[string]any{"provider": "SecureScore", "providerVersion": nil, "subProvider": nil, "vendor": "Microsoft"},
	}
}

// unknownAverageEach is how often the average of a group is unknown, which is -1: one day in so many.
const unknownAverageEach = 5

// peers are the averages of others. Of the three groups that are documented one is missing.
func peers(r *rand.Rand, most float64) []any {
	all, seats := rounded(most*0.4), rounded(most*0.45)
	if r.IntN(unknownAverageEach) == 0 {
		seats = -1
	}
	return []any{
		map[string]any{"basis": "AllTenants", "averageScore": all, "appsScore": 12.5, "appsScoreMax": 40.0, "dataScore": 1.25, "identityScore": 20.5},
		map[string]any{"basis": "TotalSeats", "averageScore": seats, "SeatSizeRangeLowerValue": "1", "SeatSizeRangeUpperValue": "5"},
	}
}

func (t *scoreTenant) profiles() []map[string]any {
	var all []map[string]any
	for i, c := range t.list {
		if !c.profiled {
			continue
		}
		update := map[string]any{"assignedTo": nil, "comment": nil, "state": c.state, "updatedBy": nil, "updatedDateTime": nil}
		if c.state != "Default" {
			update["updatedBy"], update["updatedDateTime"] = "soc@acme.com", "2026-02-03T04:05:06Z"
		}
		profile := map[string]any{
			"id": c.id, "actionType": "Config", "actionUrl": "https://security.microsoft.com/", "azureTenantId": t.TenantID, "complianceInformation": nil,
			"controlCategory": c.category, "controlStateUpdates": []any{update}, "deprecated": c.deprecated, "implementationCost": "Unknown",
			"lastModifiedDateTime": nil, "maxScore": c.max, "rank": i + 1, "remediation": "<p>Turn it on.</p>", "remediationImpact": "<b>Users</b> may notice.",
			"service": "MDO", "threats": []any{"Account breach", "Data Exfiltration"}, "tier": "Core", "title": c.title, "userImpact": "Unknown",
			"vendorInformation": map[string]any{"provider": "SecureScore", "providerVersion": nil, "subProvider": nil, "vendor": "Microsoft"},
		}
		if i%4 == 0 {
			profile["lastModifiedDateTime"] = "2026-01-02T03:04:05Z"
		}
		all = append(all, profile)
	}
	return all
}

func rounded(points float64) float64 { return math.Round(points*100) / 100 }
