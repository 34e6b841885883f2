package throng;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.WeakHashMap;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.AliasIdentifier;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.analysis.UnresolvedAttribute;
import org.apache.spark.sql.catalyst.analysis.UnresolvedFunction;
import org.apache.spark.sql.catalyst.analysis.UnresolvedRelation;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.PlanExpression;
import org.apache.spark.sql.catalyst.parser.ParameterContext;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.catalyst.parser.SqlStatementSplitResult;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.UnresolvedWith;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.Product;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction2;
import scala.runtime.AbstractPartialFunction;

/**
 * The guard of the reader server: what a reader's statement may be. It parses as Spark does and walks
 * the whole plan. Every class of plan and of expression and every function must be on a list; every
 * table must be one that the role of the session's user may see, and is then the one
 * that holds the rows of that role. Statements about the catalog (SHOW TABLES, DESCRIBE) become queries over what the guard
 * itself says of these tables, so Spark's catalog answers no reader.
 */
public class ReaderParser implements ParserInterface {

    private static final int MOST_CHARACTERS = 50000;
    private static final int MOST_NODES = 5000;
    private static final int MOST_DEPTH = 200;
    private static final int MOST_RELATIONS = 24;
    private static final int MOST_LITERAL = 1000;
    private static final int MOST_CONCATENATIONS = 24;
    private static final int MOST_WILDCARDS = 3;
    private static final String MARTS = "marts";
    /** What a reader may SET, and to what. */
    private static final Map SETTINGS = new HashMap();

    static {
        SETTINGS.put("spark.sql.session.timezone", Pattern.compile("[A-Za-z0-9_/+:-]{1,40}"));
        SETTINGS.put("spark.sql.ansi.enabled", Pattern.compile("true|false"));
    }

    private static Set words(String text) {
        return new HashSet(Arrays.asList(text.trim().split("\\s+")));
    }

    private static final String SQL = "org.apache.spark.sql.";

    /** Classes of plans, below org.apache.spark.sql.catalyst. */
    private static final Set PLANS = words(
        "plans.logical.Project plans.logical.Filter plans.logical.Aggregate plans.logical.Join "
        + "plans.logical.Sort plans.logical.GlobalLimit plans.logical.LocalLimit "
        + "plans.logical.Offset plans.logical.Sample plans.logical.Distinct plans.logical.Union "
        + "plans.logical.Except plans.logical.Intersect plans.logical.SubqueryAlias "
        + "plans.logical.UnresolvedWith plans.logical.OneRowRelation "
        + "plans.logical.WithWindowDefinition plans.logical.LateralJoin "
        + "plans.logical.Pivot plans.logical.UnresolvedPivot plans.logical.Unpivot "
        + "analysis.UnresolvedRelation analysis.UnresolvedSubqueryColumnAliases "
        + "analysis.UnresolvedHaving analysis.UnresolvedInlineTable");
    /** Classes of expressions, below org.apache.spark.sql.catalyst. */
    private static final Set EXPRESSIONS = words(
        "analysis.UnresolvedAttribute analysis.UnresolvedStar analysis.UnresolvedAlias "
        + "analysis.UnresolvedFunction analysis.UnresolvedOrdinal "
        + "expressions.Alias expressions.Literal expressions.Cast "
        + "expressions.And expressions.Or expressions.Not expressions.In "
        + "expressions.InSubquery expressions.ListQuery expressions.Exists "
        + "expressions.ScalarSubquery expressions.LateralSubquery expressions.IsNull "
        + "expressions.IsNotNull expressions.EqualTo expressions.EqualNullSafe "
        + "expressions.LessThan expressions.LessThanOrEqual "
        + "expressions.GreaterThan expressions.GreaterThanOrEqual expressions.Between "
        + "expressions.Like expressions.ILike "
        + "expressions.Add expressions.Subtract expressions.Multiply expressions.Divide "
        + "expressions.IntegralDivide expressions.Remainder "
        + "expressions.UnaryMinus expressions.UnaryPositive "
        + "expressions.CaseWhen expressions.Coalesce expressions.Concat expressions.Extract "
        + "expressions.StringLocate expressions.aggregate.AggregateExpression "
        + "expressions.CurrentDate expressions.CurrentTimestamp expressions.CurrentUser "
        + "expressions.Substring expressions.StringTrim expressions.StringTrimLeft "
        + "expressions.StringTrimRight "
        + "expressions.SortOrder expressions.WindowExpression "
        + "expressions.UnresolvedWindowExpression expressions.WindowSpecDefinition "
        + "expressions.WindowSpecReference expressions.SpecifiedWindowFrame "
        + "expressions.UnspecifiedFrame expressions.CurrentRow expressions.UnboundedPreceding "
        + "expressions.UnboundedFollowing "
        + "expressions.Cube expressions.Rollup expressions.GroupingSets "
        + "expressions.TimestampAdd expressions.TimestampDiff "
        + "expressions.aggregate.First expressions.aggregate.Last "
        + "expressions.aggregate.AnyValue expressions.aggregate.PercentileCont "
        + "expressions.aggregate.PercentileDisc");
    /** Functions whose time and result stay within the size of what they are given. */
    private static final Set FUNCTIONS = words(
        "between count count_if sum avg mean min max median mode any_value first first_value last last_value "
        + "bool_and bool_or every some any max_by min_by stddev stddev_pop stddev_samp std variance "
        + "var_pop var_samp corr covar_pop covar_samp percentile percentile_cont percentile_disc percentile_approx approx_percentile "
        + "approx_count_distinct skewness kurtosis grouping grouping_id try_sum try_avg "
        + "row_number rank dense_rank percent_rank cume_dist ntile lag lead nth_value "
        + "abs round bround floor ceil ceiling power pow sqrt cbrt exp ln log log10 log2 log1p "
        + "sign signum mod pmod greatest least radians degrees sin cos tan asin acos atan atan2 pi "
        + "try_add try_subtract try_multiply try_divide width_bucket "
        + "coalesce nullif nullifzero zeroifnull ifnull nvl nvl2 if iff isnull isnotnull isnan nanvl "
        + "year month day dayofmonth dayofyear dayofweek weekday weekofyear quarter hour minute second "
        + "date_part datepart extract date_trunc trunc date_add dateadd date_sub datediff date_diff "
        + "add_months months_between last_day next_day to_date to_timestamp date date_format "
        + "unix_timestamp from_unixtime unix_date date_from_unix_date make_date make_timestamp "
        + "current_date current_timestamp now current_user user session_user current_timezone "
        + "string int bigint double float decimal boolean timestamp smallint tinyint "
        + "upper lower ucase lcase length len char_length character_length substr substring left right "
        + "trim ltrim rtrim btrim initcap instr locate position startswith endswith contains "
        + "split_part concat concat_ws translate ascii");

    /** Sessions of clients, and whose they are: only the Thrift service registers them. */
    private static final Map USERS = Collections.synchronizedMap(new WeakHashMap());

    /** A query that the server itself has written, while this thread runs it for a client. */
    private static final ThreadLocal TRUSTED = new ThreadLocal();

    private final SparkSession session;
    private final ParserInterface spark;

    public ReaderParser(SparkSession session, ParserInterface spark) {
        this.session = session;
        this.spark = spark;
    }

    /** Put this before Spark's parser, in every session that is opened from now on. */
    public static void install(org.apache.spark.sql.classic.SparkSession root) {
        root.sessionState(); // the session of the server itself keeps Spark's own parser
        root.extensions().injectParser(new AbstractFunction2() {
            public Object apply(Object session, Object spark) {
                return new ReaderParser((SparkSession) session, (ParserInterface) spark);
            }
        });
    }

    public static void register(Object session, String user) {
        USERS.put(session, user);
    }

    /** What this thread may run unseen, to the letter; null ends it. */
    public static void trust(String text) {
        TRUSTED.set(text);
    }

    /** What a reader may not do: one sentence. */
    public static class Refusal extends RuntimeException {
        public Refusal(String sentence) {
            super(sentence);
        }

        public String toString() {
            return getMessage();
        }
    }

    public LogicalPlan parsePlan(String text) throws ParseException {
        return guarded(text, new TreeSet());
    }

    public LogicalPlan parsePlanWithParameters(String text, ParameterContext context) throws ParseException {
        return guarded(text, new TreeSet());
    }

    public LogicalPlan parseQuery(String text) throws ParseException {
        return guarded(text, new TreeSet());
    }

    public Expression parseExpression(String text) throws ParseException {
        return spark.parseExpression(text);
    }

    public TableIdentifier parseTableIdentifier(String text) throws ParseException {
        return spark.parseTableIdentifier(text);
    }

    public FunctionIdentifier parseFunctionIdentifier(String text) throws ParseException {
        return spark.parseFunctionIdentifier(text);
    }

    public Seq parseMultipartIdentifier(String text) throws ParseException {
        return spark.parseMultipartIdentifier(text);
    }

    public StructType parseRoutineParam(String text) throws ParseException {
        return spark.parseRoutineParam(text);
    }

    public StructType parseTableSchema(String text) throws ParseException {
        return spark.parseTableSchema(text);
    }

    public DataType parseDataType(String text) throws ParseException {
        return spark.parseDataType(text);
    }

    public SqlStatementSplitResult splitStatements(String text) {
        throw new Refusal("Several statements at once are not for readers: send one at a time.");
    }

    /** The plan of a statement that is allowed; the tables that it reads are added to `tables`. */
    public LogicalPlan guarded(String text, Set tables) throws ParseException {
        if (text.equals(TRUSTED.get())) {
            return spark.parsePlan(text);
        }
        ReaderState state = ReaderState.current();
        ReaderState.Role role = state.roleOf((String) USERS.get(session));
        if (role == null) {
            throw new Refusal("This user may not read here any more: connect again.");
        }
        if (text.length() > MOST_CHARACTERS) {
            throw new Refusal("The statement has " + text.length() + " characters; "
                + MOST_CHARACTERS + " are the most.");
        }
        if (text.indexOf("${") >= 0) {
            throw new Refusal("Variables such as ${name} are not for readers: write the value.");
        }
        try {
            return new Walk(state, role, tables).plan(spark.parsePlan(text));
        } catch (StackOverflowError error) {
            throw new Refusal("The statement is nested too deeply.");
        }
    }

    /** The walk through one statement. */
    private class Walk {
        private final ReaderState state;
        private final ReaderState.Role role;
        private final Set tables;
        /** Relations that this walk has made or left on purpose. */
        private final Map known = new IdentityHashMap();
        private int nodes = 0;
        private int relations = 0;
        private int concatenations = 0;

        Walk(ReaderState state, ReaderState.Role role, Set tables) {
            this.state = state;
            this.role = role;
            this.tables = tables;
        }

        LogicalPlan plan(LogicalPlan parsed) throws ParseException {
            LogicalPlan answer = command(parsed);
            if (answer != null) {
                return answer;
            }
            check(parsed, 0);
            LogicalPlan rewritten = rewrite(parsed, new HashSet());
            checkRelations(rewritten);
            Expression most = new Literal(Integer.valueOf(state.mostRows + 1), DataTypes.IntegerType);
            return new GlobalLimit(most, new LocalLimit(most, rewritten));
        }

        // What is allowed ----------------------------------------------------------------------

        private void check(Object node, int depth) {
            nodes++;
            if (nodes > MOST_NODES || depth > MOST_DEPTH) {
                throw new Refusal("The statement is too long or nested too deeply.");
            }
            if (node instanceof LocalRelation) {
                checkValues((LocalRelation) node); // VALUES, which the parser has worked out
                return;
            }
            if (node instanceof LogicalPlan) {
                allow(node, PLANS);
                if (node instanceof UnresolvedWith && ((UnresolvedWith) node).allowRecursion()) {
                    throw new Refusal("WITH RECURSIVE is not for readers.");
                }
                if (node instanceof UnresolvedRelation) {
                    checkRelation((UnresolvedRelation) node);
                }
            } else if (node instanceof Expression) {
                allow(node, EXPRESSIONS);
                checkExpression((Expression) node);
            } else if (node instanceof DataType) {
                return;
            }
            if (node instanceof scala.collection.Iterable) {
                each(((scala.collection.Iterable) node).iterator(), depth);
            } else if (node instanceof Product) {
                each(((Product) node).productIterator(), depth);
            }
        }

        private void each(scala.collection.Iterator parts, int depth) {
            while (parts.hasNext()) {
                check(parts.next(), depth + 1);
            }
        }

        private void checkValues(LocalRelation relation) {
            scala.collection.Iterator rows = relation.data().iterator();
            while (rows.hasNext()) {
                InternalRow row = (InternalRow) rows.next();
                scala.collection.Iterator values = row.toSeq(relation.schema()).iterator();
                while (values.hasNext()) {
                    checkLiteral(values.next());
                }
            }
        }

        private void checkLiteral(Object value) {
            if (value != null && value.toString().length() > MOST_LITERAL) {
                throw new Refusal(
                    "A text in the statement has more than " + MOST_LITERAL + " characters.");
            }
        }

        private void allow(Object node, Set allowed) {
            String name = node.getClass().getName();
            String catalyst = SQL + "catalyst.";
            boolean isAllowed = name.startsWith(catalyst)
                && allowed.contains(name.substring(catalyst.length()).replaceAll("\\$$", ""));
            if (!isAllowed) {
                throw new Refusal("Readers have SELECT, SHOW TABLES, SHOW COLUMNS, DESCRIBE and USE; "
                    + node.getClass().getSimpleName().replaceAll("\\$$", "")
                    + " is not among what is allowed.");
            }
        }

        private void checkRelation(UnresolvedRelation relation) {
            relations++;
            if (relations > MOST_RELATIONS) {
                throw new Refusal(
                    "The statement reads more than " + MOST_RELATIONS + " tables.");
            }
            if (relation.isStreaming() || !relation.options().isEmpty()) {
                throw new Refusal("Options of tables and streams are not for readers.");
            }
        }

        private void checkExpression(Expression expression) {
            if (expression instanceof UnresolvedFunction) {
                Seq parts = ((UnresolvedFunction) expression).nameParts();
                String name = String.valueOf(parts.apply(parts.length() - 1)).toLowerCase();
                if (parts.length() != 1 || !FUNCTIONS.contains(name)) {
                    throw new Refusal("The function " + name + " is not for readers.");
                }
                if (name.equals("approx_count_distinct") && expression.children().length() > 1) {
                    throw new Refusal("approx_count_distinct has one argument for readers.");
                }
                if (name.startsWith("concat")) {
                    countConcatenation(expression.children().length());
                }
            } else if (expression instanceof Literal) {
                checkLiteral(((Literal) expression).value());
            }
            String kind = expression.getClass().getSimpleName();
            if (expression instanceof UnresolvedAttribute
                && ((UnresolvedAttribute) expression).nameParts().mkString(".").toLowerCase()
                    .contains("_metadata")) {
                throw new Refusal("What is known of a file is not for readers.");
            }
            if (kind.equals("Concat")) {
                countConcatenation(expression.children().length());
            } else if (kind.equals("Like") || kind.equals("ILike")) {
                checkPattern((Expression) expression.children().apply(1));
            }
        }

        /** Texts that double and double again would fill the memory. */
        private void countConcatenation(int parts) {
            concatenations += parts;
            if (concatenations > MOST_CONCATENATIONS) {
                throw new Refusal(
                    "The statement joins more than " + MOST_CONCATENATIONS + " texts.");
            }
        }

        /** A pattern of many wildcards takes longer than any limit of time would notice. */
        private void checkPattern(Expression pattern) {
            Object value = pattern instanceof Literal ? ((Literal) pattern).value() : null;
            if (value == null) {
                throw new Refusal("The pattern of LIKE must be a text.");
            }
            String text = value.toString();
            if (text.length() - text.replace("%", "").length() > MOST_WILDCARDS) {
                throw new Refusal("The pattern of LIKE has more than " + MOST_WILDCARDS + " %.");
            }
        }

        // Tables of the role -------------------------------------------------------------------

        /** The plan with the role's own tables; `visible` are names of WITH. */
        private LogicalPlan rewrite(LogicalPlan plan, final Set visible) {
            if (plan instanceof UnresolvedRelation) {
                return relation((UnresolvedRelation) plan, visible);
            }
            if (plan instanceof UnresolvedWith) {
                return with((UnresolvedWith) plan, visible);
            }
            final Function1 ofExpression = new AbstractFunction1() {
                public Object apply(Object expression) {
                    return subqueries((Expression) expression, visible);
                }
            };
            LogicalPlan rewritten = (LogicalPlan) plan.mapExpressions(ofExpression);
            return (LogicalPlan) rewritten.mapChildren(new AbstractFunction1() {
                public Object apply(Object child) {
                    return rewrite((LogicalPlan) child, visible);
                }
            });
        }

        private Expression subqueries(Expression expression, final Set visible) {
            return (Expression) expression.transformDown(new AbstractPartialFunction() {
                public boolean isDefinedAt(Object node) {
                    return node instanceof PlanExpression
                        && ((PlanExpression) node).plan() instanceof LogicalPlan;
                }

                public Object applyOrElse(Object node, Function1 otherwise) {
                    if (!isDefinedAt(node)) {
                        return otherwise.apply(node);
                    }
                    PlanExpression found = (PlanExpression) node;
                    return found.withNewPlan(rewrite((LogicalPlan) found.plan(), visible));
                }
            });
        }

        private LogicalPlan with(UnresolvedWith plan, Set visible) {
            Set names = new HashSet(visible);
            List queries = new ArrayList();
            scala.collection.Iterator iterator = plan.cteRelations().iterator();
            while (iterator.hasNext()) {
                Tuple3 query = (Tuple3) iterator.next();
                LogicalPlan body = rewrite((LogicalPlan) query._2(), names);
                queries.add(new Tuple3(query._1(), body, query._3()));
                names.add(String.valueOf(query._1()).toLowerCase());
            }
            return new UnresolvedWith(rewrite(plan.child(), names), seq(queries), false);
        }

        private LogicalPlan relation(UnresolvedRelation relation, Set visible) {
            Seq parts = relation.multipartIdentifier();
            String name = String.valueOf(parts.apply(parts.length() - 1)).toLowerCase();
            if (parts.length() == 1 && visible.contains(name)) {
                known.put(relation, Boolean.TRUE);
                return relation;
            }
            ReaderState.Mart mart = mart(parts);
            tables.add(MARTS + "." + mart.name);
            List own = new ArrayList();
            own.add(mart.schema);
            own.add(mart.table);
            UnresolvedRelation made =
                new UnresolvedRelation(seq(own), relation.options(), false);
            known.put(made, Boolean.TRUE);
            // Its columns by name: what else Spark knows of a file (_metadata) ends here.
            List columns = new ArrayList();
            for (int i = 0; i < mart.columns.size(); i++) {
                columns.add(new UnresolvedAttribute(
                    seq(Collections.singletonList(((String[]) mart.columns.get(i))[0]))));
            }
            return new SubqueryAlias(
                new AliasIdentifier(mart.name, seq(Collections.singletonList(MARTS))),
                new Project(seq(columns), made));
        }

        /** A mart by its name in a statement; what the role may not see is not there. */
        private ReaderState.Mart mart(Seq parts) {
            boolean isOfMarts = parts.length() == 1
                || parts.length() == 2
                    && MARTS.equals(String.valueOf(parts.apply(0)).toLowerCase());
            ReaderState.Mart found = isOfMarts
                ? role.mart(String.valueOf(parts.apply(parts.length() - 1)))
                : null;
            if (found == null) {
                throw new Refusal("There is no table " + ReaderAudit.cut(parts.mkString("."))
                    + ". SHOW TABLES IN marts lists those there are.");
            }
            return found;
        }

        /** After rewriting: no relation is left that this walk has not seen. */
        private void checkRelations(Object node) {
            if (node instanceof UnresolvedRelation && !known.containsKey(node)) {
                throw new Refusal("A table stands where no table may be.");
            }
            if (node instanceof scala.collection.Iterable) {
                scala.collection.Iterator parts = ((scala.collection.Iterable) node).iterator();
                while (parts.hasNext()) {
                    checkRelations(parts.next());
                }
            } else if (node instanceof Product && !(node instanceof DataType)) {
                scala.collection.Iterator parts = ((Product) node).productIterator();
                while (parts.hasNext()) {
                    checkRelations(parts.next());
                }
            }
        }

        // Statements about the catalog ---------------------------------------------------------

        /** The answer to a statement about the catalog, or null if it is none. */
        private LogicalPlan command(LogicalPlan parsed) throws ParseException {
            String kind = parsed.getClass().getSimpleName();
            Object first = parsed.productArity() > 0 ? parsed.productElement(0) : null;
            if (kind.equals("ShowTables")) {
                Object pattern = parsed.productElement(1);
                return spark.parsePlan(isMarts(first) ? ReaderCatalog.tables(role, like(pattern))
                    : ReaderCatalog.noTables());
            }
            if (kind.equals("ShowViews")) {
                isMarts(first);
                return spark.parsePlan(ReaderCatalog.noTables());
            }
            if (kind.equals("ShowNamespaces") || kind.equals("ShowNamespacesCommand")) {
                return spark.parsePlan("select 'marts' as namespace");
            }
            if (kind.equals("DescribeRelation")) {
                boolean isExtended = Boolean.TRUE.equals(parsed.productElement(1));
                return spark.parsePlan(ReaderCatalog.describe(mart(names(first)), isExtended));
            }
            if (kind.equals("ShowColumns")) {
                scala.Option namespace = (scala.Option) parsed.productElement(1);
                if (namespace.isDefined()) {
                    isMarts(((Seq) namespace.get()).mkString("."));
                }
                return spark.parsePlan(ReaderCatalog.columns(mart(names(first))));
            }
            if (kind.equals("SetCatalogAndNamespace") || kind.equals("SetNamespaceCommand")) {
                isMarts(first);
                return spark.parsePlan(ReaderCatalog.nothing());
            }
            if (kind.equals("SetCommand")) {
                checkSetting((scala.Option) first);
                return parsed;
            }
            return null;
        }

        /** Whether a namespace is that of the marts; false for the empty default. */
        private boolean isMarts(Object namespace) {
            String name = "";
            if (namespace instanceof String) {
                name = (String) namespace;
            } else if (namespace instanceof Seq) {
                name = ((Seq) namespace).mkString(".");
            } else if (namespace != null
                && namespace.getClass().getSimpleName().equals("UnresolvedNamespace")) {
                name = ((Seq) ((Product) namespace).productElement(0)).mkString(".");
            } else if (namespace != null
                && namespace.getClass().getSimpleName().startsWith("CurrentNamespace")) {
                name = MARTS;
            } else {
                throw new Refusal("The name of the schema is not understood; there is one, marts.");
            }
            String lower = name.toLowerCase();
            if (lower.equals(MARTS)) {
                return true;
            }
            if (lower.equals("default") || lower.equals("")) {
                return false;
            }
            throw new Refusal("There is no schema " + ReaderAudit.cut(name) + "; there is one, marts.");
        }

        private Seq names(Object relation) {
            String kind = relation == null ? "" : relation.getClass().getSimpleName();
            if (!kind.equals("UnresolvedTableOrView") && !kind.equals("UnresolvedTable")) {
                throw new Refusal("The name of the table is not understood.");
            }
            return (Seq) ((Product) relation).productElement(0);
        }

        private String like(Object pattern) {
            scala.Option given = (scala.Option) pattern;
            return given.isDefined() ? String.valueOf(given.get()) : null;
        }

        private void checkSetting(scala.Option given) {
            if (given.isEmpty()) {
                throw new Refusal("SET without a setting is not for readers.");
            }
            scala.Tuple2 pair = (scala.Tuple2) given.get();
            String key = String.valueOf(pair._1());
            Pattern allowed = (Pattern) SETTINGS.get(key.toLowerCase());
            scala.Option value = (scala.Option) pair._2();
            if (allowed == null || value.isDefined()
                && !allowed.matcher(String.valueOf(value.get())).matches()) {
                throw new Refusal("The setting " + ReaderAudit.cut(key) + " is not for readers; they "
                    + "have spark.sql.session.timeZone and spark.sql.ansi.enabled.");
            }
        }
    }

    private static Seq seq(List values) {
        return scala.jdk.javaapi.CollectionConverters.asScala(values).toSeq();
    }
}
